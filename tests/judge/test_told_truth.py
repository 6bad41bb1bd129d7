"""A network with any mixture of faults, simulated: what is told with high confidence is one of those that it has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.failure import Failure
from probes.judge import Confidence, Finding, Judgement, Severity, Verdict
from probes.records import Observation
from tests.judge import estate
from tests.judge.estate import HUB, HUB_DNS, VNET, connection, connections, denying, links, network, told
from tests.judge.observations import NO_ENDPOINT, NOT_LINKED, PLACES, Said, judgement_on, visit
from tests.judge.scenes import FORBIDDEN
from tests.judge.test_told_zones import at
from tests.sweeps import PRIVATE, PRIVATELINK

STALE = "10.80.20.9"
BY_WALK = {"connect-blocked", "no-private-endpoint"}
"""Told with high confidence from the walk alone as well: the one names no rule then, the other what no name shows."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """How the network really is.

    Attributes:
        own_server: its DNS server stands in the hub; `forwards` = to Azure.
        linked: networks that the zone is linked to.
        record: of the app in the zone, `None` = there is none.
        other: what another zone of the name says that is linked where this one is not, `None` = there is none.
        unread: resources whose reads are refused.
    """

    own_server: bool
    forwards: bool
    linked: frozenset[str]
    falls_back: bool
    record: str | None
    other: str | None
    status: str
    denied: bool
    dropped: bool
    unread: frozenset[str]
    on_premises_alike: bool

    @property
    def resolving(self) -> str:
        """The network in which Azure is asked."""
        return HUB if self.own_server else VNET

    @property
    def said(self) -> Said:
        """What the network's resolver answers."""
        if self.status != "Approved":
            return NO_ENDPOINT
        if self.own_server and not self.forwards:
            return NOT_LINKED
        record = self.record if self.resolving in self.linked else self.other
        if self.resolving not in self.linked and self.other is None:
            return NOT_LINKED
        if record:
            return Said(record, (PRIVATELINK,))
        redirected = self.falls_back and self.resolving in self.linked
        return NOT_LINKED if redirected else Said(chain=(PRIVATELINK,))

    @property
    def faults(self) -> Iterator[str]:
        """Every fault that it has, seen or not."""
        if self.own_server and not self.forwards:
            yield "resolver-not-forwarding"
        if self.resolving not in self.linked:
            yield "other-zone-answers" if self.other is not None else "zone-not-linked"
        if self.record is None:
            yield "zone-falls-back-to-internet" if self.falls_back else "record-missing"
        if self.record == STALE:
            yield "record-stale"
        if self.denied or self.dropped:
            yield "connect-blocked"
        if self.status != "Approved":
            yield "endpoint-not-approved"

    @property
    def walk(self) -> list[Observation]:
        """What a probe sees of it."""
        said = self.said
        beside = (
            not self.on_premises_alike and self.record == PRIVATE and HUB in self.linked and self.status == "Approved"
        )
        on_premises = PLACES["backend"].said if beside else said
        if said.addresses == PRIVATE:
            stopped = {"failure": Failure.TIMEOUT} if self.denied or self.dropped else None
            steps = visit(platform=said, on_premises=on_premises, connect=stopped)
        elif said.addresses == STALE:
            steps = visit(platform=said, on_premises=on_premises, connect={"failure": Failure.TIMEOUT})
        else:
            steps = visit(platform=said, on_premises=on_premises, request=FORBIDDEN)
        return at(HUB_DNS, steps) if self.own_server else steps

    @property
    def azure(self) -> Mapping[str, Any]:
        """What Azure tells of it."""
        servers = (HUB_DNS,) if self.own_server else ()
        return {
            "network": network(dns=servers),
            "network_status": estate.status(*servers or ("168.63.129.16",)),
            "zone_links": links(*sorted(self.linked), policy="NxDomainRedirect" if self.falls_back else "Default"),
            "record": estate.record(self.record) if self.record else Failure.NOT_FOUND,
            "connections": connections(connection(self.status)),
            "endpoint": estate.endpoint(status=self.status),
            "nsg_probe": denying("Outbound", destinations=("10.80.20.0/27",) if self.denied else ("10.9.0.0/16",)),
            **dict.fromkeys(self.unread, Failure.DENIED),
        }


TRUTHS = st.builds(
    Truth,
    own_server=st.booleans(),
    forwards=st.booleans(),
    linked=st.sampled_from([frozenset(), frozenset({VNET}), frozenset({HUB}), frozenset({VNET, HUB})]),
    falls_back=st.booleans(),
    record=st.sampled_from([PRIVATE, PRIVATE, None, STALE]),
    other=st.sampled_from([None, None, "", STALE]),
    status=st.sampled_from(["Approved", "Approved", "Pending", "Rejected"]),
    denied=st.booleans(),
    dropped=st.booleans(),
    unread=st.just(frozenset())
    | st.frozensets(st.sampled_from(["network", "zone_links", "record", "connections", "nsg_probe"])),
    on_premises_alike=st.booleans(),
)


def judged(truth: Truth) -> tuple[Judgement, list[Finding]]:
    """The judgement, and the errors of the backend that are roots."""
    judgement = judgement_on(told(truth.walk, **truth.azure))
    return judgement, [found for found in judgement.roots if found.severity is Severity.ERROR]


def also_true(truth: Truth) -> set[str]:
    """What can be said of the zones as well, where the one that is known is not linked and another may answer."""
    if truth.resolving in truth.linked:
        return set()
    of_the_other = {"": {"record-missing"}, STALE: {"record-stale"}}
    return {"zone-not-linked", *of_the_other.get("none" if truth.other is None else truth.other, set())}


@settings(deadline=None, max_examples=300)
@given(TRUTHS)
def test_nothing_false_is_told_with_high_confidence(truth: Truth) -> None:
    """Whatever is read of it and whatever is not: a sure cause is one that is there."""
    _, errors = judged(truth)
    sure = {found.id for found in errors if found.confidence is Confidence.HIGH} - BY_WALK
    aside = set() if truth.on_premises_alike else {"resolver-not-forwarding", "resolvers-disagree"}
    assert sure <= {*truth.faults, *also_true(truth), *aside}
    named = [found for found in errors if "security group nsg-probe denies" in found.summary]
    assert not named or (truth.denied and truth.said.addresses in {PRIVATE, STALE})


@settings(deadline=None, max_examples=300)
@given(TRUTHS)
def test_what_is_read_whole_is_named_rightly(truth: Truth) -> None:
    """With everything read, and one fault only, that fault is the root."""
    whole = Truth(**{**vars(truth), "unread": frozenset(), "on_premises_alike": True})
    judgement, errors = judged(whole)
    faults = list(whole.faults)
    works = whole.said.addresses == PRIVATE and not (whole.denied or whole.dropped)
    if works:
        assert not errors
        assert judgement.verdict in {Verdict.PROVEN, Verdict.DEGRADED}
    elif len(faults) == 1:
        assert [found.id for found in errors] == faults
    else:
        assert {found.id for found in errors} & {*faults, *also_true(whole)}
