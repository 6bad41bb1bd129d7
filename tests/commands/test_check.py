"""`check` on a lab that is up: what Azure says of the path, and API Management's own test."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.process import finished, start

PATH = """
name = "orders"
[[targets]]
name = "backend"
role = "backend"
url = "https://func-orders-prod.azurewebsites.net/"
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[tuple[list[str], dict[str, str]]]:
    """Arguments and environment of a check of a lab whose Azure is asked."""
    with start("lab", "up", "azure-healthy", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        words: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            words += line.split()
            if "Ctrl-C" in line:
                break
        arguments = [
            part for option in ("--path", "--surroundings") for part in (option, words[words.index(option) + 1])
        ]
        yield arguments, dict(word.split("=", 1) for word in words if word.startswith("IDENTITY_"))
        process.terminate()
        process.communicate()


def test_the_gateway_is_asked_on_demand(lab: tuple[list[str], dict[str, str]]) -> None:
    """Its test is one more observation, of vantage gateway."""
    arguments, environment = lab
    done = finished(
        "check",
        *arguments,
        "--ask-gateway",
        "--format",
        "json",
        "--target",
        "backend",
        environment=environment,
    )
    observations = json.loads(done.stdout)["observations"]
    (test,) = [one for one in observations if one["step"] == "read" and one["kind"] == "connectivity"]
    assert (done.returncode, test["vantage"], test["content"]["status"]) == (0, "gateway", "Connected")
    assert {one["kind"] for one in observations if one["step"] == "read"} > {"site", "zone-links", "virtual-network"}


@pytest.mark.parametrize(
    "resources", ["", '[resources]\nsite = "/subscriptions/0/resourceGroups/g/providers/a.b/c/d"\n']
)
def test_a_gateway_that_is_not_known_cannot_be_asked(tmp_path: Path, resources: str) -> None:
    """The message says what it takes; nothing is probed."""
    file = tmp_path / "path.toml"
    file.write_text(PATH + resources)
    done = finished("check", "--path", str(file), "--ask-gateway")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--ask-gateway: there is no backend for API Management to test; allowed: " in done.stderr


def test_an_azure_that_no_token_may_go_to(tmp_path: Path) -> None:
    """The environment is at fault, and says so."""
    file = tmp_path / "path.toml"
    file.write_text(PATH)
    done = finished("check", "--path", str(file), environment={"AZURE_RESOURCE_MANAGER": "http://example.com"})
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)
    assert 'AZURE_RESOURCE_MANAGER = "http://example.com": allowed: an https URL' in done.stderr
