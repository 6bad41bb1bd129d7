"""`python -m infra.client_path [CA_FILE] < PATH.json > CLIENT.json`: the deployed probe's path as a client walks it.

A client sees the gateway and nothing behind it: private endpoints let in the gateway, the apps and the operators.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def client_path(deployed: Mapping[str, Any], ca_file: str | None) -> dict[str, Any]:
    """The path's gateway, from a client, with the system's own resolver alone."""
    gateways = [dict(target) for target in deployed["targets"] if target["role"] == "gateway"]
    for target in gateways:
        target.pop("ca_file", None)  # in the probe's package, and not here
        if ca_file:
            target["ca_file"] = str(Path(ca_file).absolute())
    return {"name": deployed["name"], "vantage": "client", "targets": gateways}


def main() -> None:
    """Read standard input, write standard output."""
    ca_file = sys.argv[1] if len(sys.argv) > 1 else None
    sys.stdout.write(json.dumps(client_path(json.load(sys.stdin), ca_file)))


if __name__ == "__main__":
    main()
