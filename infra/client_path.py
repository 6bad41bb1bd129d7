"""`python -m infra.client_path [CA_FILE] < PATH.json > CLIENT.json`: the deployed probe's path for another machine.

What should be is the same for every vantage, so that their proofs fit together; only certificates lie elsewhere.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def client_path(deployed: Mapping[str, Any], ca_file: str | None) -> dict[str, Any]:
    """The path, from a client, with the gateway's authority in a file of this machine where it has one."""
    targets = [dict(target) for target in deployed["targets"]]
    for target in targets:
        target.pop("ca_file", None)  # in the probe's package, and not here
        if ca_file and target["role"] == "gateway":
            target["ca_file"] = str(Path(ca_file).absolute())
    return {**deployed, "vantage": "client", "targets": targets}


def main() -> None:
    """Read standard input, write standard output."""
    ca_file = sys.argv[1] if len(sys.argv) > 1 else None
    sys.stdout.write(json.dumps(client_path(json.load(sys.stdin), ca_file)))


if __name__ == "__main__":
    main()
