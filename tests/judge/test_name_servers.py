"""Name servers that lie, stay silent or differ: one cause told, and the healthy ones left in peace."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Confidence, Judgement, Verdict
from probes.records import Observation, Resolution
from tests import sweeps
from tests.judge.observations import NO_ENDPOINT, NOT_LINKED, PLACES, Place, Said, ids, judged, root, visit
from tests.judge.scenes import NOWHERE, UNREACHABLE
from tests.sweeps import HOST, PRIVATE, PRIVATELINK, PUBLIC

BACKEND = sweeps.TARGETS[1]
HEALTHY = PLACES["backend"].said
FORBIDDEN = {"status": 403, "headers": {"x-ms-forbidden-ip": "198.51.100.7"}}


def alone(url: str, *visits: list[Observation], **keys: Any) -> Judgement:
    """The judgement on a path whose one target is a backend at this URL."""
    return judged(*visits, path=sweeps.path(targets=[{**BACKEND, "url": url, **keys}]))


def two_servers(first: Said, second: Said, **steps: Any) -> list[Observation]:
    """The network has two DNS servers; the system takes the first one's word unless told otherwise."""
    extra = [
        replace(record, id=f"{record.id}#2", server="10.80.40.5")
        for record in visit(platform=second)
        if isinstance(record, Resolution) and record.resolver == "platform"
    ]
    records = visit(platform=first, **steps)
    return [*records[:3], *extra, *records[3:]]


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "169.254.1.1", "::", "fe80::1"])
def test_an_address_of_no_other_machine(address: str) -> None:
    """What a filter answers is no public address: no missing endpoint and no missing forwarder."""
    refused = {"failure": Failure.REFUSED}
    assert ids(judged(visit(platform=Said(address), on_premises=Said(address), connect=refused))) == ["name-blocked"]
    assert ids(judged(visit(on_premises=Said(address)))) == ["name-blocked"]


@pytest.mark.parametrize("address", ["100.64.1.5", "198.18.0.9"])
def test_an_address_that_stands_for_another(address: str) -> None:
    """Shared and benchmarking space is neither private nor public, unless the path expects it."""
    blocked = {"failure": Failure.TIMEOUT}
    judgement = judged(visit(platform=Said(address), on_premises=Said(address), connect=blocked))
    assert ids(judgement) == ["name-intercepted"]
    expected = alone(f"https://{HOST}/", visit(place=Place(HOST, address)), private_subnets=[f"{address}/32"])
    assert expected.verdict is Verdict.PROVEN


def test_one_filter_for_every_name_is_one_finding() -> None:
    """A resolver that answers 0.0.0.0 to everything is one cause."""
    zero = Said("0.0.0.0")
    names = [visit(name, platform=zero, on_premises=zero, connect={"failure": Failure.REFUSED}) for name in PLACES]
    assert root(judged(*names)).targets == ("gateway", "backend", "scm")


def test_one_public_address_for_every_name() -> None:
    """Names of different domains with one public address and no alias are nobody's records."""
    portal = Said("198.51.100.99")
    judgement = judged(*(visit(name, platform=portal, on_premises=portal) for name in PLACES))
    assert (ids(judgement), root(judgement).targets) == (["wildcard-answer"], tuple(PLACES))


@pytest.mark.parametrize(
    "where", [{"platform": Said()}, {"on_premises": Said()}, {"platform": Said(), "on_premises": Said()}]
)
def test_nxdomain_for_every_name(where: Mapping[str, Any]) -> None:
    """A resolver that knows no name in two domains is one cause, wherever it stands."""
    assert ids(judged(*(visit(name, **where) for name in PLACES))) == ["resolver-knows-nothing"]


def test_nxdomain_for_the_names_of_one_app() -> None:
    """App and scm site unknown together are one missing app, not a resolver that knows nothing."""
    judgement = judged(*(visit(name, platform=Said(), on_premises=Said()) for name in ("backend", "scm")))
    assert (ids(judgement), root(judgement).targets) == (["name-unknown"], ("backend", "scm"))


def test_the_end_of_a_chain_that_does_not_exist() -> None:
    """A name of one's own that leads to a deleted app says which name is missing."""
    gone = Said(chain=(HOST,))
    place = Place("orders.example.com", PRIVATE)
    judgement = alone("https://orders.example.com/", visit(place=place, platform=gone, on_premises=gone))
    assert ids(judgement) == ["name-unknown"]
    assert f"No resolver knows {HOST}, to which orders.example.com leads" in root(judgement).summary


@pytest.mark.parametrize("on_premises", [Said(PRIVATE), PLACES["backend"].said])
def test_a_public_answer_beside_a_private_one_is_never_proven(on_premises: Said) -> None:
    """A leftover in another resolver does not hide that the name is public here."""
    judgement = judged(visit(platform=NO_ENDPOINT, on_premises=on_premises))
    assert (judgement.verdict, ids(judgement)) == (Verdict.EXPOSED, ["no-private-endpoint"])
    assert root(judgement).confidence is Confidence.MEDIUM


def test_an_internal_name_that_is_public_here() -> None:
    """A name of one's own that others answer privately lacks its internal zone here, and no endpoint."""
    steps = visit(place=Place("orders.example.com", PRIVATE), platform=Said(PUBLIC), on_premises=Said(PRIVATE))
    judgement = alone("https://orders.example.com/", steps)
    assert (judgement.verdict, ids(judgement)) == (Verdict.EXPOSED, ["private-name-not-visible"])


@pytest.mark.parametrize("domain", ["azurewebsites.us", "chinacloudsites.cn"])
def test_other_clouds(domain: str) -> None:
    """The names of other clouds are Azure's own as well: private, not linked, or without an endpoint."""
    host, inner = f"func-orders-prod.{domain}", f"func-orders-prod.privatelink.{domain}"
    causes = []
    for place in (
        Place(host, PRIVATE, (inner,)),
        Place(host, PUBLIC, (inner, "waws.example")),
        Place(host, PUBLIC, (f"waws-prod.{domain}",)),
    ):
        causes += [(found.id, found.confidence) for found in alone(f"https://{host}/", visit(place=place)).roots]
    assert causes == [("zone-not-linked", Confidence.LOW), ("no-private-endpoint", Confidence.HIGH)]


def test_a_gateway_with_an_endpoint_of_its_own() -> None:
    """A gateway whose privatelink name leads on in public lacks the zone: one cause, and not the network mode."""
    place = Place("orders.azure-api.net", PUBLIC, ("orders.privatelink.azure-api.net",))
    target = {**sweeps.TARGETS[0], "url": f"https://{place.host}/"}
    judgement = judged(visit("gateway", place=place), path=sweeps.path(targets=[target]))
    assert ids(judgement) == ["zone-not-linked"]


def test_an_address_made_for_ipv6() -> None:
    """What DNS64 makes of a private address is that address."""
    both = Said(f"{PRIVATE} 64:ff9b::a50:1404", (PRIVATELINK,))
    assert not judged(visit(platform=both, on_premises=HEALTHY)).findings


def test_an_endpoint_for_each_network() -> None:
    """Two expected subnets, and each resolver answers in its own: by design, and silent."""
    steps = visit(on_premises=Said("10.90.20.4", (PRIVATELINK,)))
    both = ["10.80.20.0/27", "10.90.20.0/27"]
    assert not alone(f"https://{HOST}/", steps, private_subnets=both).findings
    assert ids(alone(f"https://{HOST}/", steps, private_subnets=["10.0.0.0/8"])) == ["resolvers-disagree"]


@pytest.mark.parametrize("failing", [UNREACHABLE, Said(failure=Failure.SERVFAIL)])
def test_a_spare_dns_server_that_fails(failing: Said) -> None:
    """Where another server stands in, the path works with a warning; where applications get nothing, it does not."""
    for order in ((failing, HEALTHY), (HEALTHY, failing)):
        judgement = judged(two_servers(*order, system=HEALTHY))
        assert (judgement.verdict, ids(judgement)) == (Verdict.DEGRADED, ["some-resolvers-fail"])
    dead = judged(two_servers(failing, HEALTHY, system=Said(failure=Failure.TIMEOUT)))
    assert (dead.verdict, len(ids(dead))) == (Verdict.BROKEN, 1)


def test_a_second_dns_server_that_does_not_forward() -> None:
    """The second server of the network is compared with the first: every other lookup goes to the internet."""
    judgement = judged(two_servers(HEALTHY, NOT_LINKED, system=HEALTHY))
    assert ids(judgement) == ["resolver-not-forwarding"]
    used = judged(two_servers(HEALTHY, NOT_LINKED, system=Said(PUBLIC), request=FORBIDDEN))
    assert ids(used) == ["resolver-not-forwarding"]
    assert [found.id for found in used.findings] == ["resolver-not-forwarding", "public-path-refused"]


def test_a_public_address_among_those_applications_get() -> None:
    """Applications that get a public address beside the private one are told of, though DNS has only the latter."""
    judgement = judged(visit(system=Said(f"{PRIVATE} {PUBLIC}"), platform=HEALTHY))
    assert (judgement.verdict, ids(judgement)) == (Verdict.EXPOSED, ["system-answer-differs"])


def test_every_resolver_fails_at_one_name() -> None:
    """The fault lies with the name and not with resolvers that answer others; silence everywhere lies with the way."""
    bad = Said(failure=Failure.SERVFAIL)
    assert ids(judged(visit(platform=bad, on_premises=bad, system=NOWHERE))) == ["zone-failing"]
    silent = (visit(name, platform=UNREACHABLE, on_premises=UNREACHABLE, system=NOWHERE) for name in PLACES)
    assert ids(judged(*silent)) == ["no-resolver-answers"]


def test_a_hosts_entry_is_no_answer_of_dns() -> None:
    """With the resolver silent, a public address of the hosts file is the entry's fault and no missing endpoint."""
    steps = visit(system=Said(PUBLIC), platform=UNREACHABLE, hosts_entry=(PUBLIC,), request=FORBIDDEN)
    assert set(ids(judged(steps))) == {"resolver-unreachable", "hosts-file-override"}


def test_a_dns_server_of_ones_own_may_not_forward() -> None:
    """Behind a resolver that is not Azure's, a link may be there and help nothing: the fix begins with forwarding."""
    steps = [
        replace(record, server="10.80.40.9")
        if isinstance(record, Resolution) and record.resolver == "platform"
        else record
        for record in visit(platform=NOT_LINKED)
    ]
    found = root(judged(steps))
    assert (found.id, found.confidence) == ("zone-not-linked", Confidence.MEDIUM)
    assert any("10.80.40.9" in step and "168.63.129.16" in step for step in found.fix)
    assert not any("168.63.129.16" in step for step in root(judged(visit(platform=NOT_LINKED))).fix)
