"""What holds of every judgement, whatever mixture of faults was seen."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.failure import Failure
from probes.judge import Verdict, judge
from probes.judge.scene import Scene
from probes.records import Connection, Vantage
from tests import sweeps
from tests.judge.observations import PLACES, Said, visit
from tests.judge.scenes import HTML, NO_PERMISSION, certificate
from tests.sweeps import STARTED_AT

PLACEHOLDER = re.compile(r"\{\w+\}")
ADDRESSES = ("10.80.20.4", "10.80.10.4", "10.99.0.9", "203.0.113.10", "0.0.0.0", "100.64.1.5", "fd00::4", "64:ff9b::1")
NAMES = ("func-orders-prod.privatelink.azurewebsites.net", "waws.example", "alias.example.com", "alias.example.com")
TEXTS = ("", "[]", '{"statusCode": 401, "message": "x"}', "<p>502</p>", "Function host is not running.", NO_PERMISSION)
FAILURES = st.sampled_from(list(Failure))
SAID = st.builds(
    Said,
    addresses=st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True).map(" ".join),
    chain=st.lists(st.sampled_from(NAMES), max_size=3).map(tuple),
    failure=FAILURES,
)
CONNECT = st.none() | FAILURES.map(lambda failure: {"failure": failure})
HANDSHAKE = st.none() | FAILURES.map(lambda failure: certificate(failure=failure, days_left=5))
HEADERS = st.sampled_from(({}, HTML, {"x-correlation-id": "x"}, {"x-ms-forbidden-ip": "1"}, {"server": "squid"}))
ANSWER = st.fixed_dictionaries(
    {"status": st.sampled_from((200, 204, 302, 401, 403, 404, 407, 500, 502, 503)), "headers": HEADERS},
    optional={"body": st.sampled_from(TEXTS), "failure": FAILURES},
)
STEPS = st.fixed_dictionaries(
    {},
    optional={
        "system": SAID,
        "platform": SAID,
        "on_premises": SAID,
        "hosts_entry": st.sampled_from(((), ("10.80.20.4",), ("203.0.113.10",))),
        "token": CONNECT,
        "connect": CONNECT,
        "handshake": HANDSHAKE,
        "request": ANSWER,
        "anonymous": ANSWER,
    },
)
PATH = sweeps.path()


@settings(deadline=None)
@given(st.tuples(*(STEPS for _ in PLACES)), st.booleans())
def test_any_mixture(steps: tuple[Mapping[str, Any], ...], seen_from_outside: bool) -> None:  # noqa: FBT001 - drawn
    """Any mixture is judged: causes rest on what was seen, say whole sentences, and what is proven works in private."""
    vantage = Vantage.OUTSIDE if seen_from_outside else Vantage.PROBE
    path = replace(PATH, vantage=vantage)
    visits = (visit(name, **dict(mine)) for name, mine in zip(PLACES, steps, strict=True))
    records = [replace(record, vantage=vantage) for each in visits for record in each]
    judgement = judge(path, records, started_at=STARTED_AT)
    ids = {record.id for record in records}
    roots = {found.id for found in judgement.roots}
    for found in judgement.findings:
        assert set(found.evidence) <= ids
        assert found.masked_by is None or found.masked_by in roots
        assert found.fix
        said = (found.summary, *found.fix, *found.supported_by, *found.weakened_by, *(no.why for no in found.discarded))
        assert not [text for text in said if PLACEHOLDER.search(text)]
    if judgement.verdict is Verdict.PROVEN and not seen_from_outside:
        views = Scene(path, tuple(records), STARTED_AT, frozenset(PLACES)).views
        assert all(view.works for view in views)
        walked = [record for view in views for record in view.of(Connection) if view.is_public(record.address)]
        assert not walked
    assert (judgement.verdict is Verdict.PROVEN) == (not judgement.roots)
