"""What a name server knows: the internet, and private zones over it."""

import dns.message
import dns.rcode
import pytest

from lab.world import NameServer, Zone
from lab.zones import View
from tests.lab.clients import records

PUBLIC = (
    "app.azurewebsites.net 60 CNAME app.privatelink.azurewebsites.net",
    "app.privatelink.azurewebsites.net 60 CNAME front.windows.net",
    "front.windows.net 10 A 203.0.113.10",
    "loop.example.com 60 CNAME pool.example.com",
    "pool.example.com 60 CNAME loop.example.com.",
    "a.deep.example.com 60 A 203.0.113.11",
)
ZONE = "privatelink.azurewebsites.net"
LINKED = Zone(name=ZONE, records=("app 10 A 10.80.20.4", "app 10 A 10.80.20.5"))


def answered(
    name: str, kind: str = "A", *, zones: tuple[Zone, ...] = (), falls_back: bool = False
) -> dns.message.Message:
    """The answer of a name server that sees these zones."""
    server = NameServer(address="168.63.129.16", public=PUBLIC, zones=zones, falls_back=falls_back)
    return View(server).answer(dns.message.make_query(name, kind))


def test_without_a_zone_the_chain_goes_on_to_the_public_address() -> None:
    """The whole CNAME chain and its public end stand in one answer."""
    answer = answered("app.azurewebsites.net")
    assert answer.rcode() == dns.rcode.NOERROR
    assert records(answer) == [
        "app.azurewebsites.net CNAME app.privatelink.azurewebsites.net",
        "app.privatelink.azurewebsites.net CNAME front.windows.net",
        "front.windows.net A 203.0.113.10",
    ]


def test_a_linked_zone_ends_the_chain_at_the_private_addresses() -> None:
    """A private zone is authoritative over the internet, also at the end of a public CNAME."""
    assert records(answered("app.azurewebsites.net", zones=(LINKED,))) == [
        "app.azurewebsites.net CNAME app.privatelink.azurewebsites.net",
        "app.privatelink.azurewebsites.net A 10.80.20.4",
        "app.privatelink.azurewebsites.net A 10.80.20.5",
    ]


def test_a_linked_zone_without_the_record_is_nxdomain() -> None:
    """The answer keeps the chain, says NXDOMAIN, and has the zone's SOA."""
    answer = answered("app.azurewebsites.net", zones=(Zone(name=ZONE),))
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert records(answer) == ["app.azurewebsites.net CNAME app.privatelink.azurewebsites.net"]
    assert [rrset.name.to_text() for rrset in answer.authority] == [f"{ZONE}."]


def test_a_zone_that_falls_back_asks_the_internet_for_what_it_lacks() -> None:
    """With NxDomainRedirect a missing record leads to the public address."""
    answer = answered("app.azurewebsites.net", zones=(Zone(name=ZONE),), falls_back=True)
    assert records(answer)[-1] == "front.windows.net A 203.0.113.10"


def test_a_zone_that_falls_back_keeps_what_it_has() -> None:
    """NxDomainRedirect changes nothing for a name with a record, not even for a type it does not have."""
    assert records(answered("app.azurewebsites.net", zones=(LINKED,), falls_back=True))[-1].endswith("A 10.80.20.5")
    no_data = answered("app.privatelink.azurewebsites.net", "AAAA", zones=(LINKED,), falls_back=True)
    assert (no_data.rcode(), records(no_data)) == (dns.rcode.NOERROR, [])


def test_the_longest_zone_answers() -> None:
    """A zone for a name is asked before the zone above it."""
    apex = Zone(name="azurewebsites.net")
    assert records(answered("app.privatelink.azurewebsites.net", zones=(apex, LINKED)))
    assert answered("app.azurewebsites.net", zones=(apex, LINKED)).rcode() == dns.rcode.NXDOMAIN


def test_a_name_without_the_type_has_no_data() -> None:
    """AAAA of a name with only A is NOERROR without an address."""
    answer = answered("front.windows.net", "AAAA")
    assert (answer.rcode(), records(answer)) == (dns.rcode.NOERROR, [])


def test_a_name_above_one_that_exists_exists() -> None:
    """RFC 8020: an empty name between two others is no NXDOMAIN."""
    assert answered("deep.example.com").rcode() == dns.rcode.NOERROR


def test_a_name_that_does_not_exist_is_nxdomain() -> None:
    """The rcode says that nobody has the name."""
    assert answered("nobody.azurewebsites.net").rcode() == dns.rcode.NXDOMAIN


def test_names_are_compared_without_case() -> None:
    """RFC 4343."""
    assert [record.lower() for record in records(answered("FRONT.Windows.NET"))] == ["front.windows.net a 203.0.113.10"]


def test_a_question_for_the_alias_itself_is_not_followed() -> None:
    """CNAME is answered with the CNAME."""
    assert records(answered("app.azurewebsites.net", "CNAME")) == [
        "app.azurewebsites.net CNAME app.privatelink.azurewebsites.net"
    ]


def test_a_loop_ends_in_servfail() -> None:
    """Two names that stand for each other have no answer."""
    assert answered("loop.example.com").rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize("line", ["app 10 A", "app soon A 10.80.20.4", "app 10 A 10.80.20.400", "app 10 NONE x"])
def test_a_line_that_is_no_record_is_named(line: str) -> None:
    """The error has the zone, the line and what is allowed."""
    with pytest.raises(ValueError, match=f"privatelink.*{line}.*owner, TTL, type and data"):
        answered("app.azurewebsites.net", zones=(Zone(name=ZONE, records=(line,)),))
