"""How the text of a sweep fits what it is read on: terminals of every kind, files, and what strangers write into it."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from probes.failure import Failure
from probes.judge.finding import Discarded, Verdict
from probes.path import Role
from probes.records import Address, Alias
from probes.sweep import Sweep
from probes.tell.text import as_text, render
from tests.sweeps import (
    HOST,
    PUBLIC,
    certificate,
    connection,
    exchange,
    finding,
    handshake,
    path,
    resolution,
    sweep,
    token,
    walk,
    wire_resolution,
)

COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[25];[0-9;]+)m")
SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\nok\u202e\u2028\x9b31m[red]x[/red]"
LONG_HOST = "func-orders-prod-a1b2c3d4e5f6.westeurope-01.azurewebsites.net"
LONG_PRIVATELINK = "func-orders-prod-a1b2c3d4e5f6.westeurope-01.privatelink.azurewebsites.net"
COMMAND = f"az network private-dns link vnet create --resource-group rg --virtual-network /{'subscriptions/' * 9}vnet"


def broken() -> Sweep:
    """A sweep that a zone without a link has broken, with a command that mends it."""
    cause = finding(
        supported_by=("on-premises answers privately",),
        discarded=(Discarded(id="record-missing", why="a linked zone answers NXDOMAIN"),),
        fix=("If the link exists, look for the record:", COMMAND),
    )
    seen = wire_resolution(addresses=(Address(address=PUBLIC, ttl_s=10),))
    return sweep(resolution(PUBLIC), seen, connection(PUBLIC), findings=(cause,), verdict=Verdict.BROKEN)


def on_terminal(told: Sweep, width: int = 100, **environment: str) -> str:
    """What a terminal of that width gets."""
    page = StringIO()
    known = {"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment}
    render(told, Console(file=page, width=width, force_terminal=True, _environ=known))
    return page.getvalue()


def test_colour_only_repeats_what_the_words_say() -> None:
    """A terminal with colours gets the characters that a file gets, and colours beside them."""
    coloured = on_terminal(broken())
    assert COLOUR.search(coloured)
    assert [line.rstrip() for line in SEQUENCE.sub("", coloured).splitlines()] == as_text(broken()).splitlines()


def test_no_color_is_heeded() -> None:
    """With NO_COLOR (no-color.org) there is emphasis, and no colour."""
    told = on_terminal(broken(), NO_COLOR="1")
    assert SEQUENCE.search(told)
    assert not COLOUR.search(told)


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_dumb_terminal_gets_no_escape_sequence(term: str) -> None:
    """It could not do anything with one."""
    assert "\x1b" not in on_terminal(broken(), TERM=term)


def test_a_file_gets_no_escape_sequence_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR and a coloured TERM are about terminals."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setenv("TERM", "dumb")
    told = as_text(broken())
    assert "\x1b" not in told
    assert max(len(line) for line in told.splitlines() if "az network" not in line) > 90


@pytest.mark.parametrize("width", [1, 40, 60, 80, 100, 120, 200])
def test_no_line_breaks_within_a_name(width: int) -> None:
    """At any width every name stands whole on one line, and only a line of one name is longer than the width."""
    alias = Alias(name=LONG_HOST, target=LONG_PRIVATELINK, ttl_s=60)
    told = sweep(
        wire_resolution(aliases=(alias,)),
        connection(),
        handshake(failure=Failure.CERTIFICATE_UNTRUSTED, chain=(certificate(subject=f"CN={LONG_HOST}"),)),
        findings=(finding(summary=f"{LONG_HOST} passes {LONG_PRIVATELINK} and ends in public {PUBLIC}."),),
    )
    lines = as_text(told, width).splitlines()
    assert sum(LONG_PRIVATELINK in line.split() for line in lines) >= 2
    assert any(f"CN={LONG_HOST}" in line.split() for line in lines)
    long = [line.replace(" -> ", " ").split() for line in lines if len(line) > max(width, 40)]
    assert [words for words in long if len(words) > 1 or width >= 80] == []


def test_a_wide_terminal_keeps_times_near_their_steps() -> None:
    """Lines are made for 120 columns at most."""
    told = as_text(sweep(*walk()), 250)
    assert {len(line) for line in told.splitlines() if line.endswith(" ms") and line.startswith("  ")} == {120}


@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_command_is_whole_on_a_line_of_its_own(width: int) -> None:
    """To be copied, however narrow the terminal is."""
    assert COMMAND in [line.strip() for line in SEQUENCE.sub("", on_terminal(broken(), width)).splitlines()]


def test_wide_characters_keep_the_columns() -> None:
    """A certificate may have any name; its time still ends at the margin."""
    told = as_text(sweep(handshake(chain=(certificate(subject="CN=注文サービス"),))))
    (line,) = (line for line in told.splitlines() if "注文サービス" in line)
    assert (cell_len(line), line.endswith("6.8 ms")) == (100, True)


def test_long_evidence_is_counted_and_not_listed() -> None:
    """A cause that hits hundreds of targets stays readable."""
    targets = [
        {"name": f"t{number}", "role": Role.STORAGE, "url": f"https://t{number}.example"} for number in range(50)
    ]
    records = [connection(target=f"t{number}", failure=Failure.TIMEOUT) for number in range(50)]
    cause = finding(targets=tuple(f"t{number}" for number in range(50)), evidence=tuple(each.id for each in records))
    told = as_text(sweep(*records, findings=(cause,), path=path(targets=targets), verdict=Verdict.BROKEN))
    assert "and 42 more, which --format json has" in told
    assert len(re.findall(r"^      t\d+/1/connect", told, re.MULTILINE)) == 8
    assert "on t0, t1, t2, t3, t4, t5 and 44 more" in told


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: resolution(hosts_entry=(HOSTILE,)),
        lambda: wire_resolution(aliases=(Alias(name=HOST, target=HOSTILE, ttl_s=1),)),
        lambda: connection(failure=Failure.UNREACHABLE, detail=HOSTILE),
        lambda: handshake(chain=(certificate(subject=f"CN={HOSTILE}"),)),
        lambda: handshake(failure=Failure.CERTIFICATE_UNTRUSTED, chain=(certificate(issuer=HOSTILE),)),
        lambda: handshake(failure=Failure.CERTIFICATE_UNTRUSTED, verify_message=HOSTILE),
        lambda: exchange(reason=HOSTILE, body=HOSTILE, headers={"server": HOSTILE, "location": HOSTILE}),
        lambda: token(source=HOSTILE),
    ],
)
def test_what_strangers_send_cannot_move_the_cursor(spoil: Callable[[], Any]) -> None:
    """Control characters and marks of direction are written out, in steps and in evidence; rich's markup is text."""
    record = spoil()
    told = SEQUENCE.sub("", on_terminal(sweep(record, findings=(finding(evidence=(record.id,)),))))
    assert told.replace("\n", "").isprintable()
    assert r"\x1b[2J" in told
    assert re.sub(r"\s+", "", "[red]x[/red]") in re.sub(r"\s+", "", told)


def test_what_strangers_send_makes_no_line() -> None:
    """A line break in a finding's sentence or command would let a certificate write a verdict."""
    cause = finding(summary=f"x{HOSTILE}", supported_by=(HOSTILE,), fix=(f"az {HOSTILE}",))
    told = as_text(sweep(*walk(), findings=(cause,)))
    assert not [line for line in told.splitlines() if line.startswith("ok")]
    assert told.replace("\n", "").isprintable()
