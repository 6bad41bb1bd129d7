"""Two digests: of what a path should be, and of a whole document.

SHA-256 over canonical JSON: keys sorted, no blanks, ASCII. It shows that something was altered, by accident or by
somebody who did not trouble to reckon anew. It is no signature: it does not say who made the file.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from probes.document import path_definition
from probes.path import Path

LOOKING = frozenset({"vantage", "deadline_s", "concurrency", "step_timeout_s", "control_plane", "closed"})
"""Keys that say how one looks, or how far the closure is, and not what the path should be: they may differ between a
client and the probe app, and before the closure and after."""


def canonical(value: Any) -> bytes:
    """The JSON of a value in the one form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def sha256(value: Any) -> str:
    """Of the canonical JSON, in lower-case hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def path_digest(path: Path) -> str:
    """Of what the path should be: its name, targets, resolvers, thresholds, identity and resources.

    The vantage, files of certificates, the limits of a sweep and whether it is closed by now are left out.
    """
    definition: Mapping[str, Any] = path_definition(path)
    return sha256({key: value for key, value in definition.items() if key not in LOOKING})
