"""The Bicep source: clean, formatted, its reference deployment as committed, and every rule kept in every variant."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.infra import bicep
from tests.infra.bicep import INFRA, PLACE, Plan
from tests.infra.rules import EVERY_RULE
from tests.infra.rules.rule import Rule
from tests.infra.variants import REFERENCE, VARIANTS, parameters_of, with_parameters

SNAPSHOT = INFRA / "main.snapshot.json"
REFERENCE_FILE = INFRA / "main.bicepparam"


@pytest.fixture(scope="module")
def committed() -> Plan:
    """The reference deployment as it is committed; no CLI is needed to read it."""
    return replace(bicep.read(SNAPSHOT), parameters=REFERENCE)


@pytest.fixture(scope="module", params=list(VARIANTS))
def variant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The reference with other parameters, evaluated."""
    bicep.cli()
    lines = VARIANTS[request.param]
    infra = bicep.copied(tmp_path_factory.mktemp("variant"))
    return replace(bicep.evaluate(with_parameters(infra, lines)), parameters=parameters_of(lines))


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_the_reference_keeps_every_rule(committed: Plan, rule: Rule) -> None:
    """What would be deployed is what the design says."""
    assert rule.violations(committed) == []


def test_every_variant_keeps_every_rule(variant: Plan) -> None:
    """Closed, on the other plan, with the other tier: the design holds for them all."""
    assert {rule.id: found for rule in EVERY_RULE if (found := rule.violations(variant))} == {}


def test_the_compiler_and_the_linter_say_nothing() -> None:
    """The CLI exits with 0 on almost everything that is wrong, so that anything printed counts."""
    for arguments in (("--pattern", f"{INFRA}/**/*.bicep"), (str(REFERENCE_FILE),)):
        done = bicep.run("lint", *arguments)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_source_is_formatted(tmp_path: Path) -> None:
    """`bicep format` would change nothing."""
    copy = bicep.copied(tmp_path)
    bicep.run("format", "--pattern", f"{copy}/**/*.bicep")
    bicep.run("format", str(copy / REFERENCE_FILE.name))
    for file in (*bicep.sources(), REFERENCE_FILE):
        formatted = copy / file.relative_to(INFRA)
        assert formatted.read_text(encoding="utf-8") == file.read_text(encoding="utf-8"), file.name


def test_the_committed_snapshot_is_todays() -> None:
    """What a reviewer reads is what the source says; `bicep snapshot infra/main.bicepparam` writes it anew."""
    done = bicep.run("snapshot", str(REFERENCE_FILE), "--mode", "validate", *PLACE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_deployment_asks_nothing_of_the_vault(tmp_path: Path) -> None:
    """Before the vault is filled the gateway keeps its default names, and nothing names a secret that is not there."""
    infra = bicep.copied(tmp_path)
    file = infra / "main.bicepparam"
    text = file.read_text(encoding="utf-8")
    assert text.count("param vaultFilled = true") == 1
    file.write_text(text.replace("param vaultFilled = true", "param vaultFilled = false"), encoding="utf-8")
    plan = bicep.evaluate(file)
    assert plan.one("Microsoft.ApiManagement/service")["properties"]["hostnameConfigurations"] == []
    assert "/secrets/" not in json.dumps([r for r in plan.resources if r["type"].startswith("Microsoft.ApiManagement")])


def test_no_module_comes_from_a_registry() -> None:
    """A registry module cannot be restored in a closed network, nor looked at here."""
    for file in bicep.sources():
        assert not re.search(r"'(br|ts)[:/]", file.read_text(encoding="utf-8")), file.name


def test_the_parameters_of_azd_are_parameters() -> None:
    """Azd passes a misspelt one on, and the deployment is refused after everything was built."""
    table = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))
    declared = set(re.findall(r"^param (\w+)", (INFRA / "main.bicep").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(table["parameters"]) - declared == set()


def test_every_query_is_an_alert_and_every_alert_has_one() -> None:
    """alerts.json, the line in the Bicep file and the query file are three places that must agree."""
    alerts = json.loads((INFRA / "alerts.json").read_text(encoding="utf-8"))["alerts"]
    lines = dict(
        re.findall(
            r"'?([\w-]+)'?: loadTextContent\('\.\./queries/([\w-]+)\.kql'\)",
            (INFRA / "modules/alerts.bicep").read_text(),
        )
    )
    files = {file.stem for file in (INFRA / "queries").glob("*.kql")}
    assert {alert["query"] for alert in alerts} == set(lines) == set(lines.values()) == files
    assert len({alert["name"] for alert in alerts}) == len(alerts)


def test_every_fragment_is_deployed() -> None:
    """A fragment needs a line in the Bicep file: the compiler takes literal paths only."""
    text = (INFRA / "modules" / "apis.bicep").read_text(encoding="utf-8")
    lines = dict(re.findall(r"'?([\w-]+)'?: loadTextContent\('\.\./policies/fragments/([\w-]+)\.xml'\)", text))
    assert set(lines) == set(lines.values()) == {file.stem for file in (INFRA / "policies" / "fragments").glob("*.xml")}
