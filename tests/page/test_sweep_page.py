"""What stands on the page of a sweep."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html  # type: ignore[import-untyped] # ships no types

from probes.document import from_document, to_document
from probes.failure import Failure
from probes.judge.finding import Finding, Severity, Verdict
from probes.records import Vantage
from probes.sweep import Sweep
from probes.tell.page import POLICY, as_page
from probes.tell.page.azure import named
from probes.tell.page.pieces import anchor
from tests.page.conftest import Site, required
from tests.page.examples import COMMAND, SERVICE, SITE, large, several, with_readings
from tests.sweeps import connection, finding, path, sweep, walk

CHECKS = Path(__file__).parents[2] / ".lab" / "pages"


def page(found: Sweep) -> html.HtmlElement:
    """The page, read."""
    return html.document_fromstring(as_page(found))


def words(element: html.HtmlElement, selector: str) -> list[str]:
    """Texts of the elements that an XPath names, blanks made one."""
    return [" ".join(each.text_content().split()) for each in element.xpath(selector)]


@pytest.mark.asyncio(loop_scope="package")
async def test_every_page_is_valid_html(site: Site, tmp_path: Path) -> None:
    """By html-validate: structure, attributes, ids, what may stand in what."""
    if not (CHECKS / "ready").exists():
        required("html-validate")
    for name, content in site.pages.items():
        (tmp_path / f"{name}.html").write_text(content, encoding="utf-8")
    # To a file: what it writes to a pipe is cut off.
    validator = await asyncio.create_subprocess_exec(
        CHECKS / "node_modules" / ".bin" / "html-validate",
        *("--config", CHECKS / ".htmlvalidate.json", "--formatter", f"json={tmp_path / 'said.json'}"),
        *(tmp_path / f"{name}.html" for name in site.pages),
        cwd=CHECKS,
    )
    await validator.wait()
    said = json.loads((tmp_path / "said.json").read_text(encoding="utf-8"))
    told = [(each["filePath"], m["line"], m["ruleId"], m["message"]) for each in said for m in each["messages"]]
    assert told == []


def test_a_page_is_ascii() -> None:
    """Any terminal, file and mail takes it, whatever it takes names for."""
    assert as_page(sweep(*walk(), findings=(finding(summary="\u00e9t\u00e9 \u4e2d \U0001f600"),))).isascii()


def test_the_policy_allows_nothing_but_the_pages_own() -> None:
    """No source but hashes, no picture but its own; an answer over HTTP may not be framed either."""
    (meta,) = page(sweep(*walk())).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = dict(each.split(" ", 1) for each in meta.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"].startswith("'sha256-")
    assert rules["style-src"].startswith("'sha256-")
    assert "unsafe" not in meta
    assert f"{meta}; frame-ancestors 'none'" == POLICY


def test_the_first_cause_and_its_first_command_stand_on_top() -> None:
    """With what has to be known before it is run, and how much comes after it."""
    made = page(several())
    assert words(made, "//h1") == ["Broken: the path orders does not work."]
    assert words(made, "//*[@class='run']/h3") == ["Run first"]
    assert words(made, "//*[@class='run']/p") == [
        "Look at the rules of both subnets:",
        "Put your own names in place of those in capitals: the path file does not know them.",
    ]
    assert words(made, "//*[@class='run']//code") == [
        "az network nsg rule list --resource-group NSG_RESOURCE_GROUP --nsg-name NSG"
    ]
    assert words(made, "//*[@class='others']//li") == [
        "The certificate expires soon (warning) on gateway",
        "of-a-later-version (note) on scm",
    ]


def test_what_only_informs_is_not_called_the_cause() -> None:
    """A proven path with a note on it begins with the verdict alone."""
    note = finding(severity=Severity.INFORMATION, fix=(COMMAND,))
    made = page(sweep(*walk(), findings=(note,)))
    assert words(made, "//*[@class='run']") == []
    assert words(made, "//*[@class='others']/h2") == ["Found"]


def test_a_fix_without_a_command_is_told_all_the_same() -> None:
    """As what to do, with no button."""
    made = page(sweep(*walk(), findings=(finding(fix=("Renew it.", "Sweep again.")),)))
    assert words(made, "//*[@class='run']//*[self::h3 or self::p]") == ["Do first", "Renew it.", "Then: 1 more step"]
    assert made.xpath("//button") == []


def test_every_command_has_a_button_of_its_own() -> None:
    """Which names the code that it copies; hidden, until a script is there to do it."""
    made = page(with_readings())
    buttons = made.xpath("//button")
    codes = [made.get_element_by_id(each.get("data-copy")).text_content() for each in buttons]
    assert codes == [COMMAND, COMMAND]
    assert all("hidden" in each.attrib for each in buttons)


def test_a_cause_is_told_with_all_that_speaks_for_and_against_it() -> None:
    """Confidence, evidence with its words, doubts, what was ruled out, what follows from it."""
    first = page(several()).get_element_by_id("cause-1")
    told = " ".join(first.text_content().split())
    for piece in (
        "connect-blocked",
        "medium confidence",
        "no answer within 5 s",
        "no rule or route was seen",
        "record-stale10.80.20.4 lies in the expected subnet",
        "Explains 1 other finding",
        "gateway-cannot-reach-backend",
    ):
        assert piece in told


def test_the_way_to_a_target_is_drawn_step_by_step() -> None:
    """Each with its own word: what failed, what was therefore not reached, what nobody asked for."""
    made = page(several())
    states = words(made, "//*[@id='path']/ol/li[2]//*[@class='state']")
    assert states == ["works", "fails: cause 1", "not reached", "not reached", "works"]
    plain = page(sweep(*walk("scm")[:3], connection(target="scm"), path=path())).xpath("//*[@class='stops']")[0]
    assert words(plain, ".//*[@class='state']") == ["works", "works", "not reached", "not reached", "not asked"]


def test_evidence_for_what_is_wrong_elsewhere_is_no_fault_of_the_target() -> None:
    """That the backend answers the probe is evidence against the gateway, and the backend works."""
    cause = finding(
        "gateway-cannot-reach-backend", targets=("gateway",), evidence=("backend/1/request/10.80.20.4/token",)
    )
    made = page(sweep(*walk("gateway"), *walk("backend"), findings=(cause,), verdict=Verdict.BROKEN))
    states = words(made, "//*[@id='path']/ol/li[2]//*[@class='state']")
    assert states == ["works", "works", "works", "works, evidence of cause 1", "works"]


def test_from_outside_no_step_is_praised() -> None:
    """There a target that does not answer is in order."""
    table = path(vantage="outside")
    records = [replace(each, vantage=Vantage.OUTSIDE) for each in walk()]
    made = page(sweep(*records, path=table))
    assert words(made, "//h1") == [
        "Proven: backend of the path orders cannot be used from outside; not looked at: gateway, scm."
    ]
    assert set(words(made, "//*[@class='state']")) == {"seen"}
    assert words(made, "//*[@class='lane good']//*[@class='chip good']") == ["in order"]
    assert "From a network that must not reach the path" in made.get_element_by_id("limits").text_content()


def test_every_observation_is_there_once() -> None:
    """Each with its id and its fields; what Azure says has a part of its own."""
    found = with_readings()
    made = page(found)
    rows = made.xpath("//tbody/tr[@id]/@id")
    assert sorted(rows) == sorted(anchor(record.id) for record in found.observations)
    assert len(made.xpath("//*[@id='azure']//tbody/tr[@id]")) == 5
    fields = words(made, "//tr[contains(@id, 'zone-links')]//dt")
    assert "virtual_network_id" in fields


def test_an_earlier_attempt_that_nothing_rests_on_is_folded() -> None:
    """One that a cause rests on is not: a link must lead to what can be seen."""
    twice = (*walk(attempt=1), *walk(attempt=2))
    folded = page(sweep(*twice, findings=(finding(evidence=("backend/2/resolve/platform/A",)),)))
    shown = page(sweep(*twice, findings=(finding(evidence=("backend/1/resolve/platform/A",)),)))
    said = "Attempt 1 on backend: 8 observations, on which nothing rests"
    assert words(folded, "//details[@class='folded']/summary") == [said]
    assert words(shown, "//details[@class='folded']/summary") == []
    assert words(shown, "//tr[@class='group']") == ["Attempt 1", "Attempt 2"]


def test_what_was_not_seen_is_said() -> None:
    """Targets left out, steps not reached, reads that were refused; and where there is nothing, that."""
    said = words(page(with_readings()), "//*[@id='unseen']//li")
    assert said == [
        "scm: not looked at; nothing is said of it.",
        "Azure: 1 read, denied: backend/1/read/policy. It says: no Microsoft.ApiManagement/*/read",
    ]
    late = connection(failure=Failure.DEADLINE, detail=None, duration_ms=None)
    said = words(page(sweep(*walk()[:4], late)), "//*[@id='unseen']//li")
    assert "backend: TLS, HTTP not reached, for a step before failed or was not seen." in said
    assert "backend: backend/1/connect/10.80.20.4, the sweep had to end." in said
    whole = page(sweep(*walk("gateway"), *walk("backend"), *walk("scm")))
    assert words(whole, "//*[@id='unseen']/p") == ["Nothing: every step on every target was made and answered."]


def test_an_id_that_stands_twice_is_linked_once() -> None:
    """Only a forged document has one; two elements of one id are no HTML."""
    made = page(sweep(*walk(), *walk()))
    ids = made.xpath("//@id")
    assert len(set(ids)) == len(ids)


def test_a_saved_sweep_makes_the_same_page() -> None:
    """Nothing is on it that the document does not hold."""
    found = several()
    assert as_page(from_document(to_document(found), source="test")) == as_page(found)


def test_a_large_path_shows_its_trouble_and_folds_the_rest() -> None:
    """One lane of thirty is drawn; of many records, the fields of those that a cause rests on."""
    made = page(large(30))
    assert words(made, "//*[@id='path']/ol/li/div/h3") == ["backend-29 backend"]
    assert words(made, "//*[@id='path']/details/summary") == ["29 more targets, all of which work"]
    many = large(126)
    kept = page(many).xpath("//*[@id='evidence']//td/details")
    assert len(many.observations) > 1_000
    assert len(kept) == 1


def test_a_resource_is_named_as_azure_names_it() -> None:
    """Name and type; what is no resource id keeps its last word."""
    assert named(SITE) == ("func-orders-prod", "Microsoft.Web/sites")
    assert named(f"{SERVICE}/apis/orders") == ("apim-internal-prod/orders", "Microsoft.ApiManagement/service/apis")
    values = f"{SERVICE}/namedValues"
    assert named(values) == ("apim-internal-prod/namedValues", "Microsoft.ApiManagement/service/namedValues")
    assert named("nonsense") == ("nonsense", "")
    assert named("/providers/") == ("/providers/", "")


def test_no_app_pays_for_pages_that_nobody_asks_for() -> None:
    """Neither the app's import nor the command line's brings the package in."""
    code = "import sys, function_app, probes.cli; print(sorted(name for name in sys.modules if 'tell.page' in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("verdict", Verdict)
def test_the_window_says_it_too(verdict: Verdict) -> None:
    """Verdict, path and cause in the title, and a small picture for each verdict: several tabs can be told apart."""
    made = page(sweep(*walk(), findings=_causes(verdict), verdict=verdict))
    assert words(made, "//title")[0].startswith(f"{verdict.capitalize()}: orders")
    (picture,) = made.xpath("//link[@rel='icon']/@href")
    assert picture.startswith("data:image/svg+xml,")


def _causes(verdict: Verdict) -> tuple[Finding, ...]:
    return () if verdict is Verdict.PROVEN else (finding(),)
