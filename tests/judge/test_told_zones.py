"""A name that should come from a private zone, with Azure's word on the zone: which of four faults it is."""

from dataclasses import replace
from typing import Any

import pytest

from probes.failure import Failure
from probes.judge import Confidence, Finding
from probes.records import Observation, Resolution, Vantage
from tests import sweeps
from tests.judge import estate
from tests.judge.estate import HUB, HUB_DNS, VNET, cause, links, network, told
from tests.judge.observations import PLACES, Said, ids, judgement_on, visit
from tests.judge.scenes import IN_PUBLIC
from tests.sweeps import PRIVATE, PRIVATELINK, PUBLIC

NOT_FOUND = Said(chain=(PRIVATELINK,))
FALLING = links(VNET, policy="NxDomainRedirect")
UNIQUE = "func-orders-prod-a1b2.westeurope-01.azurewebsites.net"


def at(server: str, records: list[Observation]) -> list[Observation]:
    """The same visit, the network's DNS server being another."""
    return [
        replace(record, server=server) if isinstance(record, Resolution) and record.resolver == "platform" else record
        for record in records
    ]


def commands(found: Finding) -> str:
    """The command lines of a finding."""
    return "\n".join(step for step in found.fix if step.startswith("az "))


def public(**azure: Any) -> Finding:
    """The root of a backend that leads on in public on every resolver."""
    return cause(judgement_on(told(visit(**IN_PUBLIC), **azure)))


def test_a_zone_that_azure_does_not_link() -> None:
    """The missing link is a fact then, and its line has the zone's own group and subscription."""
    found = public(zone_links=links(HUB))
    assert (found.id, found.confidence) == ("zone-not-linked", Confidence.HIGH)
    assert "not linked to vnet-prod-api" in found.summary
    assert "--resource-group rg-hub --subscription 11111111-1111-1111-1111-111111111111" in commands(found)
    assert f"--virtual-network {VNET} " in commands(found)
    assert "backend/1/read/zone_links" in found.evidence


def test_a_link_that_falls_back() -> None:
    """Linked, without a record, with the policy that asks the internet: its own cause, and the record is its fix."""
    found = public(zone_links=FALLING, record=Failure.NOT_FOUND)
    assert (found.id, found.confidence) == ("zone-falls-back-to-internet", Confidence.HIGH)
    assert f"--record-set-name func-orders-prod --ipv4-address {PRIVATE}" in commands(found)
    assert "--name link-vnet-prod-api --resolution-policy Default" in commands(found)
    assert {rival.id for rival in found.discarded} >= {"zone-not-linked", "record-missing"}


@pytest.mark.parametrize(
    ("azure", "confidence"),
    [
        ({"zone_links": FALLING, "record": Failure.DENIED}, Confidence.MEDIUM),
        ({"zone_links": links(VNET, policy=None), "record": Failure.NOT_FOUND}, Confidence.MEDIUM),
    ],
)
def test_a_link_that_falls_back_by_what_is_left(azure: dict[str, Any], confidence: Confidence) -> None:
    """With one of the two not told, it is what explains the answer, and less sure."""
    found = public(**azure)
    assert (found.id, found.confidence) == ("zone-falls-back-to-internet", confidence)


def test_a_link_without_the_policy_and_without_the_record_says_nxdomain() -> None:
    """Policy Default and no record cannot come out in public: the link is not yet what Azure says."""
    found = public(record=Failure.NOT_FOUND)
    assert (found.id, found.confidence) == ("zone-not-linked", Confidence.LOW)


def test_azure_and_dns_disagree() -> None:
    """Linked and recorded by Azure, public by DNS: said so, with little confidence, and no command to link anew."""
    found = public()
    assert (found.id, found.confidence) == ("zone-not-linked", Confidence.LOW)
    assert any("half a minute" in clause for clause in found.weakened_by)
    assert "link vnet create" not in commands(found)


def test_a_link_in_progress() -> None:
    """Azure is still making the link: nothing is to be done but wait."""
    found = public(zone_links=links(VNET, state="InProgress"))
    assert found.id == "zone-not-linked"
    assert "InProgress" in found.summary
    assert "link vnet create" not in commands(found)


@pytest.mark.parametrize(
    "azure", [{"zone_links": Failure.DENIED, "record": None}, {"zone_links": links(HUB), "network": Failure.DENIED}]
)
def test_what_azure_does_not_tell_stays_as_ambiguous_as_it_is(azure: dict[str, Any]) -> None:
    """Without the links, or without knowing where the resolver stands, nothing is surer than the walk alone."""
    found = public(**azure)
    assert (found.id, found.confidence) == ("zone-not-linked", Confidence.LOW)
    assert "falls back to the internet" in found.summary


def test_a_server_of_ones_own_that_does_not_forward() -> None:
    """The zone is linked where the server stands, and it does not come there: it is named, and what to forward."""
    judgement = judgement_on(
        told(at(HUB_DNS, visit(**IN_PUBLIC)), network=network(dns=(HUB_DNS,)), network_status=None)
    )
    found = cause(judgement)
    assert (found.id, found.confidence) == ("resolver-not-forwarding", Confidence.HIGH)
    assert HUB_DNS in found.summary
    assert any("168.63.129.16" in step and HUB_DNS in step for step in found.fix)


def test_a_zone_linked_to_the_network_and_not_to_its_servers_network() -> None:
    """Behind servers in a hub the link must be on the hub: one on the own network helps nobody."""
    walked = at(HUB_DNS, visit(**IN_PUBLIC))
    found = cause(
        judgement_on(told(walked, network=network(dns=(HUB_DNS,)), zone_links=links(VNET), network_status=None))
    )
    assert (found.id, found.confidence) == ("zone-not-linked", Confidence.MEDIUM)
    assert f"--virtual-network {HUB} " in commands(found)


def test_a_server_beyond_every_network() -> None:
    """A server on premises can use no link itself: it must forward to where there is one, and that is less sure."""
    walked = at("10.9.0.4", visit(**IN_PUBLIC))
    found = cause(judgement_on(told(walked, network=network(dns=("10.9.0.4",)), network_status=None)))
    assert (found.id, found.confidence) == ("resolver-not-forwarding", Confidence.MEDIUM)


def test_a_server_whose_network_was_not_read() -> None:
    """Where the network itself was not read, its servers may stand anywhere: nothing is concluded from links."""
    walked = at("10.9.0.4", visit(**IN_PUBLIC))
    found = cause(judgement_on(told(walked, network=Failure.DENIED)))
    assert found.id == "zone-not-linked"
    assert found.confidence is Confidence.LOW


def test_servers_of_ones_own_behind_azures_address() -> None:
    """Azure's address was asked, and the network names its own servers: both ways must be linked to say anything."""
    servers = network(dns=(HUB_DNS,))
    mixed = judgement_on(told(visit(**IN_PUBLIC), network=servers, zone_links=links(VNET), network_status=None))
    assert (cause(mixed).id, cause(mixed).confidence) == ("zone-not-linked", Confidence.LOW)
    both = judgement_on(told(visit(**IN_PUBLIC), network=servers, network_status=None))
    assert (cause(both).id, cause(both).confidence) == ("resolver-not-forwarding", Confidence.MEDIUM)


def test_a_client_elsewhere_concludes_nothing_from_links() -> None:
    """From another network than the probe's, the links of that network say nothing of its resolver."""
    walked = [replace(record, vantage=Vantage.CLIENT) for record in visit(**IN_PUBLIC)]
    shown = told(walked, zone_links=links(HUB), path_keys={"vantage": "client", "targets": [sweeps.TARGETS[1]]})
    assert cause(judgement_on(shown)).confidence is Confidence.LOW


def test_a_record_that_azure_lacks_as_well() -> None:
    """The line to add it has the endpoint's own address."""
    found = cause(judgement_on(told(visit(platform=NOT_FOUND), record=Failure.NOT_FOUND)))
    assert (found.id, found.confidence) == ("record-missing", Confidence.HIGH)
    assert f"--ipv4-address {PRIVATE}" in commands(found)
    assert "ENDPOINT_ADDRESS" not in commands(found)


def test_a_record_that_azure_has() -> None:
    """NXDOMAIN beside a record in a linked zone is a cached answer or another zone's: less sure, and said."""
    found = cause(judgement_on(told(visit(platform=NOT_FOUND))))
    assert (found.id, found.confidence) == ("record-missing", Confidence.MEDIUM)
    assert PRIVATE in found.summary


def test_another_zone_of_the_name() -> None:
    """NXDOMAIN at a privatelink name, and the zone that Azure tells of is not linked: another zone answers."""
    found = cause(judgement_on(told(visit(platform=NOT_FOUND), zone_links=links(HUB))))
    assert (found.id, found.confidence) == ("other-zone-answers", Confidence.HIGH)
    assert "link-vnet-prod-api" in commands(found)


def test_another_zone_beside_one_that_lacks_the_record_as_well() -> None:
    """A rule set may lead to the zone that is known, which would answer alike: less sure."""
    azure: dict[str, Any] = {"zone_links": links(HUB), "record": Failure.NOT_FOUND}
    found = cause(judgement_on(told(visit(platform=NOT_FOUND), **azure)))
    assert (found.id, found.confidence) == ("other-zone-answers", Confidence.MEDIUM)


def test_another_zone_whose_record_is_right_is_no_fault() -> None:
    """A target that works does not need the zone that the path names."""
    assert ids(judgement_on(told(zone_links=links(HUB)))) == []


def test_a_unique_host_name() -> None:
    """The record of a unique host name holds hash and region, and is looked up under that name."""
    chain = ("func-orders-prod-a1b2.westeurope-01.privatelink.azurewebsites.net",)
    place = replace(PLACES["backend"], host=UNIQUE, chain=chain)
    target = {**sweeps.TARGETS[1], "url": f"https://{UNIQUE}/api/orders"}
    name = f"{estate.ZONE}/A/func-orders-prod-a1b2.westeurope-01"
    missing = estate.reading("unique", name, Failure.NOT_FOUND, like=estate.record())
    said = Said(chain=place.chain)
    shown = told(visit(place=place, platform=said, on_premises=said), path_keys={"targets": [target]}, more=[missing])
    found = cause(judgement_on(shown))
    assert (found.id, found.confidence) == ("record-missing", Confidence.HIGH)
    assert "--record-set-name func-orders-prod-a1b2.westeurope-01 " in commands(found)


def test_app_and_scm_site_have_records_of_their_own() -> None:
    """One record may be there and the other not: each falls back, or does not, by itself."""
    scm = Said(PUBLIC, (*PLACES["scm"].chain, "waws.example"))
    steps = visit("scm", platform=scm, on_premises=scm)
    judgement = judgement_on(told(steps, zone_links=FALLING, scm_record=Failure.NOT_FOUND))
    assert (ids(judgement), cause(judgement).targets) == (["zone-falls-back-to-internet"], ("scm",))
    assert "--record-set-name func-orders-prod.scm " in commands(cause(judgement))
