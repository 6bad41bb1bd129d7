"""Which records belong to a call, and which of them stands below which."""

from typing import Any

import pytest

from probes.trace.kinship import outline, related
from probes.trace.records import Hop, Item, parents, spans
from tests.trace.made import call, dependency, exception, item, log, request, trace

OTHERS_ID: dict[str, Any] = {"properties": {"correlation.id": "another-call"}, "carries_id": False}
BARE: dict[str, Any] = {"carries_id": False}


def host(**changes: Any) -> Item:
    """The request record of the Functions host, around the app's and without the id."""
    return request(**{"span_id": "host", "after_ms": 5, **BARE, **changes})


APP = request(parent_id="host")
CLIENT = dependency("200", span_id="client", parent_id=None, after_ms=0, **BARE)


def names(found: list[Item]) -> set[str]:
    """What they are called."""
    return {each.name for each in found}


def test_the_hosts_request_around_the_apps_is_of_the_call() -> None:
    """And so is what the host logs of it."""
    said = {"parent_id": "host", **BARE}
    others = [host(name="host"), log("Executing", **said), exception("Failed", **said)]
    assert names(related([APP], others)) == {"host", "Executing", "Failed"}


def test_what_the_app_does_without_the_id_is_of_the_call() -> None:
    """Below its request, at any depth, in another app too."""
    others = [
        dependency(span_id="d", parent_id="app", **BARE),
        request(name="downstream", span_id="down", parent_id="d", role="func-other", **BARE),
        log("far below", parent_id="down", **BARE),
    ]
    assert names(related([APP], others)) == {"PUT /orders", "downstream", "far below"}


def test_another_call_of_the_same_operation_is_not() -> None:
    """A client with tracing of its own makes many calls within one trace: none of another's records is taken."""
    others = [
        CLIENT,
        host(name="mine", parent_id="client"),
        item(Hop.DEPENDENCY, "another try", span_id="client-2", parent_id="client", **BARE),
        host(name="theirs", span_id="host-2", parent_id="client"),
        log("of the other host", parent_id="host-2", **BARE),
        request(name="their app", span_id="app-2", parent_id="host-2", **OTHERS_ID),
        item(Hop.DEPENDENCY, "their call", span_id="d-2", parent_id="app-2", success=False, **BARE),
        log("their log", parent_id="app-2", **OTHERS_ID),
        exception("their exception", parent_id="d-2", **BARE),
        log("of the client", parent_id="client", **BARE),
    ]
    found = related([APP], others)
    assert names(found) == {CLIENT.name, "mine", "of the client"}


def test_another_calls_request_without_a_parent_is_not() -> None:
    """The caller's own span is not in this workspace; nor is what stands below the other request."""
    others = [host(name="theirs", span_id="host-2", parent_id="elsewhere"), log("x", parent_id="host-2", **BARE)]
    assert related([APP], others) == []


def test_where_only_a_log_has_the_id_all_of_its_request_is_of_the_call() -> None:
    """The app put it on its logs and not on its request."""
    own = log(parent_id="host")
    others = [host(name="host"), dependency(parent_id="host", **BARE)]
    assert names(related([own], others)) == {"host", "PUT /orders"}


def test_a_record_whose_parent_nobody_knows_is_kept() -> None:
    """Unless it is a request: sampling may have taken the span between."""
    others = [
        log("orphan", parent_id="gone", **BARE),
        dependency(parent_id=None, **BARE),
        request(name="r", span_id="r", **BARE),
    ]
    assert names(related([APP], others)) == {"orphan", "PUT /orders"}


@pytest.mark.parametrize("item_", [host(parent_id="host"), host(parent_id="app")])
def test_spans_that_name_each_other_end_nowhere(item_: Item) -> None:
    """A circle of parents is walked once, and every record is still shown once."""
    own = [APP, log()]
    assert len(list(parents(own[1], spans([*own, item_])))) == 2
    related(own, [item_])
    assert sorted(each.name for _, each in outline([item_, *own])) == sorted(each.name for each in [item_, *own])


def test_the_outline_has_a_span_before_what_belongs_to_it() -> None:
    """With its depth; what belongs to nothing that is known stands at the left."""
    orphan = log("orphan", parent_id="gone", after_ms=1)
    found = outline(
        trace(host(), APP, log("one"), dependency(), log("deep", parent_id="dep", after_ms=35), orphan).items
    )
    assert [(depth, each.hop, each.name) for depth, each in found] == [
        (0, Hop.LOG, "orphan"),
        (0, Hop.REQUEST, "GET /api/orders"),
        (1, Hop.REQUEST, "GET /api/orders"),
        (2, Hop.LOG, "one"),
        (2, Hop.DEPENDENCY, "PUT /orders"),
        (3, Hop.LOG, "deep"),
    ]


def test_a_very_deep_trace_is_outlined() -> None:
    """Without recursion: a loop of calls can be thousands deep."""
    chain = [
        dependency(span_id=str(number), parent_id=str(number - 1) if number else None, after_ms=number)
        for number in range(3_000)
    ]
    assert [depth for depth, _ in outline(chain)] == list(range(3_000))


def test_the_request_of_the_call_is_the_apps() -> None:
    """It has the id, and the host's has not, whichever began first."""
    for after_ms in (5, 10, 15):
        found = trace(call(), host(after_ms=after_ms), APP)
        assert found.request is APP


def test_the_request_of_the_call_is_the_outermost() -> None:
    """The backend may send the id on to another one, whose request then has it as well."""
    below = request(name="downstream", span_id="down", parent_id="dep", after_ms=32, role="func-other")
    assert trace(call(), APP, dependency(), below).request is APP


def test_the_request_of_several_calls_is_the_last_ones() -> None:
    """A caller may send one id again."""
    again = request(span_id="again", after_ms=900)
    assert trace(call(), call(), APP, again).request is again


def test_what_the_host_says_of_a_request_counts() -> None:
    """It stands beside the app's request, below the host's; what stands below another request does not count."""
    found = trace(
        call(),
        host(),
        APP,
        exception("host", parent_id="host"),
        exception("orphan", parent_id=None),
        request(span_id="earlier", after_ms=1, parent_id=None),
        exception("earlier", parent_id="earlier"),
    )
    assert {each.name for each in found.of_request(Hop.EXCEPTION)} == {"host", "orphan"}
