"""What strangers write, in the sentences and commands of a finding: it stays a word."""

import json
import re
import shlex
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.failure import Failure
from probes.judge import Finding, Severity, judge
from probes.judge.rule import Match, Rule, Stage
from probes.judge.scene import Scene
from tests import sweeps
from tests.judge.observations import NOT_LINKED, Said, judged, root, visit
from tests.judge.scenes import answered, certificate
from tests.sweeps import PUBLIC, STARTED_AT

SHELL = re.compile(r"[$`;&|<>(){}\\!*?~#\s]")


def found_with(word: str) -> Finding:
    """The finding of a row whose sentence and fix hold this word."""

    def find(_scene: Scene) -> Iterator[Match]:
        yield Match(targets=("backend",), subject="x", evidence=("1",), words={"word": word})

    rule = Rule(
        id="test",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="A row of the test",
        recognised_by="Always.",
        find=find,
        summary="It says {word}, and {unknown}, to {targets}.",
        fix=("az thing show --name {word} --query name", "Say {word} aloud."),
        reference="none",
    )
    return judge(sweeps.path(), visit(), started_at=STARTED_AT, rules=(rule,)).findings[0]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_word_stays_one_argument(word: str) -> None:
    """Whatever a word holds, a command line has the arguments it was written with, and no shell syntax."""
    command = found_with(word).fix[0]
    arguments = shlex.split(command)
    assert arguments[:4] == ["az", "thing", "show", "--name"]
    assert arguments[-2:] == ["--query", "name"]
    assert len(arguments) == (7 if word else 6)
    if word:
        assert not SHELL.search(arguments[4])
        assert not arguments[4].startswith("-")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_word_stays_on_its_line(word: str) -> None:
    """Whatever a word holds, the sentence is one line that moves no cursor and turns no direction of writing."""
    finding = found_with(word)
    for text in (finding.summary, finding.fix[1]):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("word", ["{targets}", "{word}", "{", "}", "{}", "{0}", "%s", "{word!r}", "{{word}}"])
def test_braces_in_a_word_are_harmless(word: str) -> None:
    """A word is put in as it is, and nothing in it is filled in again; a name that nobody gave stays as it stands."""
    assert found_with(word).summary == f"It says {word}, and {{unknown}}, to backend."


@pytest.mark.parametrize(
    "label", ["$(reboot)", "a`id`", "x;reboot", "-h", "--debug", "a b", "*", "a'b", 'a"b', "@/etc/x"]
)
def test_names_in_a_chain(label: str) -> None:
    """A CNAME is a stranger's: in the commands of its finding it is one plain word."""
    chain = (f"{label}.privatelink.azurewebsites.net",)
    for platform in (Said(chain=chain), Said(PUBLIC, chain)):
        found = root(judged(visit(platform=platform)))
        for step in found.fix:
            if step.startswith("az "):
                assert not re.search(r"[$`;\\*]|--debug|'b|\"b", step)
                assert shlex.split(step)


def test_a_reason_with_an_escape_sequence() -> None:
    """A JSON answer can hide control characters behind its own escapes; none reaches the sentence."""
    body = json.dumps({"reason": "\x1b[2J\u202etoken_audience\n"})
    found = root(judged(answered(401, body=body)))
    assert found.id == "token-rejected"
    assert found.summary.isprintable()


@pytest.mark.parametrize("body", ["[" * 4_096, '{"reason": ' * 300, "null", "[]", '"reason"', '{"reason": 5}', ""])
def test_any_body_can_be_judged(body: str) -> None:
    """A body that is no problem document gives no reason, and no error."""
    assert root(judged(answered(401, body=body))).id == "token-rejected"


@pytest.mark.parametrize("location", ["https://[::1", "", "//", "https://:99999/", "javascript:alert(1)", "\x00"])
def test_any_location_can_be_judged(location: str) -> None:
    """A Location that is no URL is a redirect to nowhere, and no error."""
    assert root(judged(answered(302, headers={"location": location}))).id == "redirected"


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Tue, 99 Nov 2026 05:00:00 GMT", "Tue, 24 Nov 2026 05:00:00", "0" * 500]
)
def test_any_date_can_be_judged(date: str) -> None:
    """A Date that is none says nothing of the clock."""
    dated = {"headers": {"x-correlation-id": sweeps.SWEEP_ID, "date": date}}
    assert judged(visit("gateway", request=dated), visit(request=dated), visit("scm", request=dated)).findings == ()


def test_an_issuer_that_gives_orders() -> None:
    """A certificate's issuer stands in prose only, without its control characters."""
    shown = certificate(failure=Failure.CERTIFICATE_UNTRUSTED, issuer="CN=\x1b[31m$(reboot)")
    found = root(judged(visit(handshake=shown)))
    assert all("reboot" not in step for step in found.fix if step.startswith("az "))
    assert all(text.isprintable() for text in (found.summary, *found.fix))


def test_a_healthy_name_is_not_changed() -> None:
    """Names as they are stand in the command unchanged, ready to be copied."""
    found = root(judged(visit(platform=NOT_LINKED)))
    assert any("--zone-name privatelink.azurewebsites.net " in step for step in found.fix)
