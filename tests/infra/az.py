"""A stand-in for the Azure CLI: `az` of one small subscription that a file holds, and the log of what was asked.

It answers what infra/scripts ask of it, in the forms and with the exit codes of the real one: 3 for what is not there.
Anything else succeeds and says nothing. AZ_STATE names the file.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

NOT_FOUND = 3
REFUSED = 1
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


def main(arguments: list[str]) -> int:
    """Answer one command."""
    file = Path(os.environ["AZ_STATE"])
    state = json.loads(file.read_text(encoding="utf-8"))
    state["log"].append(arguments)
    status = answer(arguments, state)
    file.write_text(json.dumps(state), encoding="utf-8")
    return status


def answer(arguments: list[str], state: dict[str, Any]) -> int:  # noqa: C901, PLR0912 - one branch for each command
    """Change the state or say something of it."""
    line = " ".join(arguments)
    name = option(arguments, "--name")
    if line.startswith("group exists"):
        sys.stdout.write("true\n" if state["apps"] else "false\n")
    elif line.startswith("resource show"):
        if state.get("unreadable"):
            return REFUSED
        if name not in state["apps"]:
            return NOT_FOUND
        sys.stdout.write(state["apps"][name] + "\n")
    elif line.startswith("functionapp update"):
        state["apps"][name] = option(arguments, "--set").removeprefix("publicNetworkAccess=")
    elif line.startswith("account show"):
        sys.stdout.write(f"{SUBSCRIPTION}\n")
    elif line.startswith("keyvault list"):
        sys.stdout.write("kv-path-prod-aaaaaa\n" if state["apps"] else "")
    elif line.startswith("keyvault show"):
        sys.stdout.write(state["dependencies"] + "\n")
    elif line.startswith("storage account list"):
        sys.stdout.write("storage\n")
    elif line.startswith(("keyvault update", "storage account update")):
        state["dependencies"] = option(arguments, "--public-network-access")
    elif line.startswith("apim nv show"):
        return 0 if state["in_use"] else NOT_FOUND
    elif line.startswith(("keyvault secret show", "keyvault certificate show")):
        return 0 if state["filled"] else NOT_FOUND
    elif line.startswith("deployment sub show") and "PROBE_PATH_JSON" in line:
        sys.stdout.write('{"name": "orders", "targets": []}\n')
    elif line.startswith(("deployment sub show", "apim show", "rest", "ad signed-in-user")):
        sys.stdout.write("something\n")
    return 0


def option(arguments: list[str], name: str) -> str:
    """The value behind an option; empty where there is none."""
    return arguments[arguments.index(name) + 1] if name in arguments else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
