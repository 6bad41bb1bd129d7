"""The command line: what it prints, and the exit codes that scripts live by."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.scenarios import SCENARIOS
from probes.cli import main
from probes.judge.rule import Rule
from probes.judge.rules import EVERY_RULE


@pytest.mark.parametrize(
    ("name", "code"), [("healthy", 0), ("certificate-expires-soon", 0), ("zone-not-linked", 1), ("deadline-missed", 3)]
)
def test_the_exit_code_says_the_verdict(name: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """0 proven or degraded, 1 broken or exposed, 3 inconclusive; standard output is one document."""
    assert main(["lab", "run", name, "--format", "json"]) == code
    expected = next(each for each in SCENARIOS if each.name == name)
    assert json.loads(capsys.readouterr().out)["verdict"] == expected.verdict


def test_the_list_of_scenarios_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, what is broken, verdict and finding of each."""
    assert main(["lab", "list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [tuple(row) for row in listed] == [("name", "breaks", "verdict", "finding", "beside")] * len(SCENARIOS)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_every_finding_is_explained(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    """`explain` knows every id."""
    name = rule.id
    assert main(["explain", name]) == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["explain", "zone-not-linkd"], ["lab", "run", "nope"], ["check", "--path", "/nowhere.toml"]]
)
def test_a_name_that_nobody_has_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The message names it, on standard error."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, arguments[-1] in said.err) == ("", True)


def test_the_module_runs(tmp_path: Path) -> None:
    """`python -m probes` in a process of its own gives the path file's problems and no traceback."""
    file = tmp_path / "path.toml"
    file.write_text('nme = "x"\n')
    done = subprocess.run(
        [sys.executable, "-m", "probes", "check", "--path", str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert (done.returncode, "did you mean name" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
