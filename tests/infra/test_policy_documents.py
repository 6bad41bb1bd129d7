"""What the policy documents refer to exists, and they are written as they must be."""

import json
import re
from pathlib import Path

import pytest

import lab
from lab.policy import deployed
from lab.policy.program import PolicyError
from lab.policy.run import Section
from probes.app.settings import Settings, read
from probes.path.load import DEFAULT_TIMEOUT_S
from probes.records import Step
from tests.infra.stage import NAMED_VALUES, program
from tests.sweeps import TARGETS

INFRA = Path(lab.__file__).parents[1] / "infra"


def test_every_named_value_and_fragment_exists_and_is_used() -> None:
    """As apis.bicep makes them, and each document is deployed."""
    bicep = (INFRA / "modules" / "apis.bicep").read_text(encoding="utf-8")
    texts = deployed.texts()
    together = "\n".join(texts.values())
    plain = re.search(r"var plainValues = \{(.*?)\n\}", bicep, re.DOTALL)
    fragments = re.search(r"var fragments = \{(.*?)\n\}", bicep, re.DOTALL)
    assert plain
    assert fragments
    secret = re.findall(r"namedValues@\S+' = if [^{]*\{\s*parent: gateway\s*name: '([\w-]+)'", bicep)
    made = {*re.findall(r"'([\w-]+)':", plain[1]), *secret}
    assert made == set(re.findall(r"\{\{([\w.-]+)\}\}", together)) == NAMED_VALUES.keys()
    loaded = set(re.findall(r"loadTextContent\('\.\./policies/([\w/.-]+)'\)", bicep))
    assert loaded == texts.keys()
    named = set(re.findall(r'fragment-id="([\w-]+)"', together))
    assert set(re.findall(r"'([\w-]+)':", fragments[1])) == named
    assert {name for name in texts if name.startswith("fragments/")} == {f"fragments/{name}.xml" for name in named}
    assert "backend-id=" not in together


def test_every_operation_that_a_policy_names_exists() -> None:
    """By the template of its path, in the API's OpenAPI document."""
    templates = re.findall(r'context\.Operation\.UrlTemplate == "([^"]+)"', deployed.texts()["diagnostics.xml"])
    published = json.loads((INFRA / "openapi" / "diagnostics.json").read_text(encoding="utf-8"))["paths"]
    assert templates == ["/diagnose"]
    assert set(templates) <= published.keys()


@pytest.mark.parametrize("name", ["global.xml", "orders.xml", "diagnostics.xml"])
def test_a_document_is_written_as_the_house_writes_it(name: str) -> None:
    """Four sections, a base in each but the backend of an API that has limits of its own, https and no addresses."""
    text = re.sub(r"<!--.*?-->", "", deployed.texts()[name], flags=re.DOTALL)
    sections = {tag: re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in Section}
    for tag, section in sections.items():
        assert section, tag
        first = re.match(r"\s*<([\w-]+)", section[1])
        assert first
        if name != "global.xml":
            assert first[1] == ("forward-request" if tag is Section.BACKEND else "base")
    assert not re.search(r"\b\d+\.\d+\.\d+\.\d+\b|http://", text)


def test_the_limits_of_time_nest() -> None:
    """That of orders within what the probe waits for; in diagnostics the probe's own limit within the gateway's."""
    texts = deployed.texts()
    (orders,) = limits("forward-request", texts["orders.xml"])
    (probe,), (backend,) = (limits(tag, texts["diagnostics.xml"]) for tag in ("forward-request", "send-request"))
    assert orders < DEFAULT_TIMEOUT_S[Step.REQUEST]
    settings = read({"PROBE_PATH": json.dumps({"name": "orders", "targets": [dict(TARGETS[0])]})})
    assert isinstance(settings, Settings)
    assert settings.diagnose_deadline_s < probe
    assert backend + probe <= 30
    assert f">= {backend * 1000} ? " in texts["diagnostics.xml"]


def limits(tag: str, text: str) -> list[int]:
    """`timeout` of every statement of a kind."""
    return [int(found) for found in re.findall(rf'<{tag}\b[^>]*\btimeout="(\d+)"', text)]


def test_the_id_is_set_before_anything_can_fail() -> None:
    """It is the first statement of the global scope, and base the first of every API's inbound."""
    inbound = re.search(r"<inbound>(.*?)</inbound>", deployed.texts()["global.xml"], re.DOTALL)
    assert inbound
    first = re.search(r"<([\w-]+) name=\"([\w-]+)\" exists-action=\"(\w+)\"", inbound[1])
    assert first
    assert first.groups() == ("set-header", "x-correlation-id", "override")


@pytest.mark.parametrize(
    "change",
    [
        ("orders.xml", "</on-error>", "<set-body>gone</set-body></on-error>"),
        ("orders.xml", "<outbound>", '<outbound><authentication-managed-identity resource="api://orders" />'),
        ("orders.xml", "{{backend-host}}", "{{backend-hots}}"),
        ("orders.xml", "context.Request.IpAddress", "context.Request.IPAddress"),
        ("global.xml", "gateway-problem", "gateway-problems"),
        ("fragments/gateway-problem.xml", "context.RequestId.ToString()", "context.RequestId"),
        ("orders.xml", "<outbound>\n    <base />\n  </outbound>", ""),
    ],
    ids=lambda change: f"{change[0]}: {change[2][:40]}",
)
def test_a_document_that_could_not_be_deployed_is_refused(change: tuple[str, str, str]) -> None:
    """A name that does not exist, a statement out of place, a type that does not fit, a section that is missing."""
    with pytest.raises(PolicyError):
        program("orders", change)
