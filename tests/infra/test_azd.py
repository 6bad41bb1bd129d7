"""What azd and GitHub read: services that are there, hooks that are there, and a pipeline without a secret."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra.package import APPS, OUTPUT
from tests.infra import bicep
from tests.infra.bicep import ROOT
from tests.infra.rules.network import SITE

AZURE_YAML = ROOT / "azure.yaml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SHA = re.compile(r"[\w./-]+@[0-9a-f]{40}")
HOOKS = {"type": "object", "required": ["shell", "run"], "additionalProperties": False,
         "properties": {"shell": {"enum": ["sh", "pwsh"]}, "run": {"type": "string"}}}  # fmt: skip
SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["project", "host", "language", "remoteBuild", "resourceGroup"],
    "properties": {
        "project": {"type": "string"},
        "host": {"const": "function"},
        "language": {"const": "python"},
        "remoteBuild": {"const": False},
        "resourceGroup": {"type": "string"},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "infra", "services", "hooks"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9-]+$"},
        "metadata": {"type": "object"},
        "infra": {
            "type": "object",
            "additionalProperties": False,
            "properties": {k: {} for k in ("provider", "path", "module")},
        },
        "requiredVersions": {"type": "object"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "hooks": {
            "type": "object",
            "propertyNames": {"pattern": "^(pre|post)(provision|package|deploy|down|up|restore|publish)$"},
            "additionalProperties": HOOKS,
        },
    },
}
"""What this project uses of https://github.com/Azure/azure-dev/blob/main/schemas/v1.0/azure.yaml.json."""


def load(file: Path) -> Any:
    """A YAML file."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_azure_yaml_has_what_azd_knows() -> None:
    """A misspelt key is ignored by some versions and refused by others."""
    jsonschema.validate(load(AZURE_YAML), SCHEMA)


def test_services_are_the_packages() -> None:
    """Azd zips the folder that the packager makes, as it is: neither builds it again nor drops its bytecode."""
    services = load(AZURE_YAML)["services"]
    assert {name: ROOT / service["project"] for name, service in services.items()} == {
        app.name: OUTPUT / app.name for app in APPS
    }


def test_services_are_the_apps() -> None:
    """Azd finds them by tag, in the resource group that the service names."""
    plan = bicep.read(bicep.INFRA / "main.snapshot.json")
    for name, service in load(AZURE_YAML)["services"].items():
        (site,) = (site for site in plan.of(SITE) if site["tags"]["azd-service-name"] == name)
        group = service["resourceGroup"].replace("${AZURE_ENV_NAME}", "prod")
        assert f"/resourceGroups/{group}/" in site["id"]


def test_hooks_are_there() -> None:
    """A hook that cannot be found stops azd in the middle."""
    for hook in load(AZURE_YAML)["hooks"].values():
        assert (ROOT / hook["run"]).stat().st_mode & 0o111


def test_the_template_is_where_azure_yaml_says() -> None:
    """And azd's parameters beside it."""
    table = load(AZURE_YAML)["infra"]
    assert (ROOT / table["path"] / f"{table['module']}.bicep").exists()
    assert (ROOT / table["path"] / f"{table['module']}.parameters.json").exists()


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_has_no_secret_and_least_rights(file: Path) -> None:
    """By default nothing, per job what it needs; a tag of an action can be moved, a commit cannot."""
    text = file.read_text(encoding="utf-8")
    table = load(file)
    assert "secrets." not in text
    assert table["permissions"] == {}
    for job in table["jobs"].values():
        assert set(job["permissions"].items()) <= {("contents", "read"), ("id-token", "write")}
        uses = [step["uses"] for step in job["steps"] if "uses" in step]
        assert [each for each in uses if not SHA.fullmatch(each)] == []
        assert all(
            step["with"]["persist-credentials"] is False for step in job["steps"] if "checkout" in step.get("uses", "")
        )


@pytest.mark.parametrize("name", ["LICENSE", "SECURITY.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "docs/deploy.md"])
def test_pages_are_there(name: str) -> None:
    """What people look for in a template."""
    assert len((ROOT / name).read_text(encoding="utf-8")) > 200


def test_issue_forms_are_forms() -> None:
    """GitHub shows a form that it cannot read to nobody."""
    for file in sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")):
        table = load(file)
        if file.name != "config.yml":
            assert {"name", "description", "body"} == set(table)
            assert all({"type", "id", "attributes"} <= set(field) for field in table["body"])


def test_the_dev_container_can_be_read() -> None:
    """And has the Python of the project."""
    table = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert (ROOT / ".python-version").read_text(encoding="utf-8").strip() in table["image"]
