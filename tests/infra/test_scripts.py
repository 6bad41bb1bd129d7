"""The scripts and hooks: clean, every `az` line one that the real CLI takes, and the door never opened by mistake."""

import json
import os
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.client_path import client_path
from probes.cli import parser
from probes.closure.resource import Kind, resource
from probes.commands import close, prove
from probes.path import from_mapping
from probes.proof.digest import path_digest
from probes.records import Vantage
from tests.infra import bicep
from tests.infra.bicep import INFRA, ROOT

SCRIPTS = sorted((*(INFRA / "scripts").glob("*.sh"), *(INFRA / "hooks").glob("*.sh")))
BASH = shutil.which("bash") or "/bin/bash"
CHECKER = ROOT.parent / "shared" / "tools" / "azcli" / "az_check.py"
NOT_IN_ITS_LIST = (
    "az storage blob upload",
    "az network private-endpoint-connection list",
    "az network private-endpoint-connection approve",
    "az network route-table route create",
    "az network route-table route delete",
)
"""What the checker's list, which was made without an account, leaves out: a data plane, two groups of the network."""
ORDERS, PROBE = "func-orders-prod", "func-probe-prod"
OPEN = {ORDERS: "Enabled", PROBE: "Enabled"}
CLOSED = {ORDERS: "Disabled", PROBE: "Disabled"}


@dataclass(frozen=True)
class Machine:
    """A machine with the scripts' tools: an Azure CLI stand-in, and a proof whose outcomes are given."""

    folder: Path

    def write(self, **state: Any) -> None:
        """The subscription as it is."""
        default = {"apps": {}, "dependencies": "Enabled", "in_use": False, "filled": False, "log": []}
        (self.folder / "state.json").write_text(json.dumps(default | state), encoding="utf-8")

    @property
    def state(self) -> dict[str, Any]:
        """The subscription as the script left it."""
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        return found

    def asked(self, *words: str) -> list[list[str]]:
        """The commands that begin so."""
        return [command for command in self.state["log"] if command[: len(words)] == list(words)]

    @property
    def probes(self) -> list[Namespace]:
        """Each call of `probes`, as its command line takes it."""
        file = self.folder / "proofs.log"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [parser().parse_args(line.split()) for line in lines]

    def run(self, script: str, *, proofs: tuple[int, ...] = (), **more: str) -> subprocess.CompletedProcess[str]:
        """One script; `proofs` are the exit codes of the calls of `probes` that it makes, in their order."""
        (self.folder / "proofs").write_text("".join(f"{code}\n" for code in proofs), encoding="utf-8")
        environment = {
            "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}",
            "AZ_STATE": str(self.folder / "state.json"),
            "PROOFS": str(self.folder / "proofs"),
            "PYTHON": str(self.folder / "prover"),
            "ORDERS_CLIENT_ID": "11111111-2222-4333-8444-555555555555",
            "ORDERS_AUDIENCE": "api://orders",
            "SETTLE_S": "0",
            "PATH_FILE": str(self.folder / "path.json"),
            **more,
        }
        command = [BASH, str(INFRA / "scripts" / script)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """The tools, first on the path."""
    tools = {
        "az": f'exec {sys.executable} {ROOT / "tests" / "infra" / "az.py"} "$@"',
        # `python -m infra.client_path` passes it on; `python -m probes` ends as the next line of the file says.
        "prover": '[ "$2" = probes ] || { cat; exit 0; }\n'
        'shift 2\nprintf "%s\\n" "$*" >>"$PROOFS.log"\n'
        'code="$(head -n 1 "$PROOFS")"\nsed -i 1d "$PROOFS"\nexit "$code"',
    }
    for name, body in tools.items():
        file = tmp_path / name
        file.write_text(f"#!/usr/bin/env bash\n{body}\n", encoding="utf-8")
        file.chmod(0o755)
    return Machine(tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}-{script.name}")
def test_shellcheck_says_nothing(script: Path) -> None:
    """Quoting and unset variables are what a script deletes the wrong thing by."""
    tool = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([str(tool), "-x", str(script)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}-{script.name}")
def test_scripts_stop_at_the_first_error(script: Path) -> None:
    """And can be run: a step that failed in silence is not a step."""
    text = script.read_text(encoding="utf-8")
    assert script.stat().st_mode & 0o111
    if script.name != "settings.sh":  # it is read by the others
        assert "\nset -euo pipefail\n" in text


def test_every_az_line_is_one() -> None:
    """Command, options and required options as the real CLI has them."""
    if not CHECKER.exists():
        pytest.skip(f"{CHECKER} is not here")
    command = [sys.executable, str(CHECKER), str(INFRA), str(ROOT / "docs"), str(ROOT / "README.md")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    *problems, summary = done.stdout.splitlines()
    assert [line for line in problems if not any(known in line for known in NOT_IN_ITS_LIST)] == [], summary
    assert int(summary.split()[0]) > 30


def test_names_are_those_of_the_deployment() -> None:
    """The scripts make the names by the rule of main.bicep, so as to know them after a deployment that failed."""
    done = subprocess.run(
        [
            BASH,
            "-c",
            f"source {INFRA / 'scripts' / 'settings.sh'}; echo $APP_GROUP $ORDERS_APP $PROBE_APP $GATEWAY_NAME",
        ],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    plan = bicep.read(INFRA / "main.snapshot.json")
    names = {resource["name"] for resource in plan.resources}
    assert [name for name in done.stdout.split() if name not in names] == []


def test_every_output_that_a_script_needs_is_one() -> None:
    """A misspelt one would be found by whoever deploys, after the deployment."""
    outputs = bicep.read(INFRA / "main.snapshot.json").outputs
    wanted = {
        name for script in SCRIPTS for name in re.findall(r"\bneeded ([A-Z_]+)", script.read_text(encoding="utf-8"))
    }
    assert wanted
    assert wanted - outputs.keys() == set()


def test_the_first_deployment_is_open_and_without_the_vault(machine: Machine) -> None:
    """Nothing is there yet: public access is on until the path is proven."""
    machine.write()
    assert machine.run("20-deploy.sh").returncode == 0
    (command,) = machine.asked("deployment", "sub", "create")
    assert {"publicNetworkAccess=Enabled", "dependenciesPublicAccess=Enabled", "vaultFilled=false"} <= set(command)


def test_a_filled_vault_is_used(machine: Machine) -> None:
    """The second deployment takes what was put there."""
    machine.write(apps=OPEN, filled=True)
    assert machine.run("20-deploy.sh").returncode == 0
    assert "vaultFilled=true" in machine.asked("deployment", "sub", "create")[0]


def test_a_closed_door_stays_closed(machine: Machine) -> None:
    """A redeployment with the template's own default would open it."""
    machine.write(apps=CLOSED, in_use=True, dependencies="Disabled")
    assert machine.run("20-deploy.sh").returncode == 0
    (command,) = machine.asked("deployment", "sub", "create")
    assert {"publicNetworkAccess=Disabled", "dependenciesPublicAccess=Disabled", "vaultFilled=true"} <= set(command)


def test_what_cannot_be_read_is_not_deployed_over(machine: Machine) -> None:
    """Not known is not open."""
    machine.write(apps=CLOSED, unreadable=True)
    assert machine.run("20-deploy.sh").returncode != 0
    assert machine.asked("deployment", "sub", "create") == []


def test_an_unproven_path_is_not_closed(machine: Machine) -> None:
    """The article's order: first the proof."""
    machine.write(apps=OPEN)
    done = machine.run("70-close.sh", proofs=(3,))
    assert done.returncode != 0
    (proof,) = machine.probes
    assert (proof.command, proof.vantage, proof.key_setting) == (prove.proved, "client", "GATEWAY_KEY")
    assert machine.asked("functionapp", "update") == []


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_proven_path_is_closed_by_its_proof(machine: Machine, code: int) -> None:
    """Both apps, and not their dependencies unless asked; it ends as `probes close` does."""
    machine.write(apps=OPEN)
    assert machine.run("70-close.sh", proofs=(0, code), PROOF="evidence.json").returncode == code
    proof, closure = machine.probes
    assert (closure.command, closure.proof, closure.path) == (close.close, proof.output, proof.path)
    assert [resource(each).name for each in closure.also] == [ORDERS, PROBE]
    assert (closure.with_dependencies, closure.yes) == (False, False)


def test_dependencies_are_closed_when_asked(machine: Machine) -> None:
    """The probe's own storage account is on no path, and named beside it."""
    machine.write(apps=OPEN)
    assert machine.run("70-close.sh", proofs=(0, 3), WITH_DEPENDENCIES="1", YES="1").returncode == 3
    closure = machine.probes[-1]
    assert (closure.with_dependencies, closure.yes) == (True, True)
    assert resource(closure.also[-1]).kind is Kind.STORAGE


def test_what_was_closed_is_opened_from_its_journal(machine: Machine) -> None:
    """So what was closed before stays closed."""
    machine.write(apps=CLOSED)
    assert machine.run("80-reopen.sh", proofs=(0,)).returncode == 0
    (back,) = machine.probes
    assert (back.command, back.undo, back.yes) == (close.close, True, False)
    assert machine.asked("functionapp", "update") == []


def test_without_a_journal_everything_is_opened_by_hand(machine: Machine) -> None:
    """Another machine knows nothing of what was open before."""
    machine.write(apps=CLOSED, dependencies="Disabled")
    assert machine.run("80-reopen.sh", BY_HAND="1").returncode == 0
    assert (machine.state["apps"], machine.state["dependencies"]) == (OPEN, "Enabled")


def test_another_machine_has_the_path_of_the_probe() -> None:
    """Or their proofs would be of two paths; only the authority's file lies elsewhere."""
    targets = [
        {"name": "gateway", "role": "gateway", "url": "https://api.internal.example.com/"},
        {"name": "backend", "role": "backend", "url": "https://func.azurewebsites.net/"},
    ]
    deployed: dict[str, Any] = {"name": "orders", "identity": {"client_id": "x"}, "targets": targets}
    with_file = {**deployed, "targets": [{**targets[0], "ca_file": "ca.pem"}, targets[1]]}
    path = from_mapping(client_path(with_file, None), source="test")
    assert path.vantage is Vantage.CLIENT
    assert path_digest(path) == path_digest(from_mapping(deployed, source="test"))
    assert path.targets[0].ca_file is None
