"""The table of addresses."""

import errno

import pytest

from lab.network import Network


def test_an_address_on_the_table_leads_to_its_port_of_loopback() -> None:
    """Packets for an address and port go to loopback."""
    network = Network()
    network.place("10.80.20.4", 443, 50123)
    assert network.endpoint("10.80.20.4", 443) == ("127.0.0.1", 50123)


@pytest.mark.parametrize(("address", "port"), [("10.80.20.5", 443), ("10.80.20.4", 80), ("8.8.8.8", 53)])
def test_nothing_else_has_a_route(address: str, port: int) -> None:
    """Whatever is not on the table is unreachable, so that nothing can leave loopback."""
    network = Network()
    network.place("10.80.20.4", 443, 50123)
    with pytest.raises(OSError, match=address) as caught:
        network.endpoint(address, port)
    assert caught.value.errno == errno.ENETUNREACH


def test_an_ipv6_address_has_one_place_however_it_is_written() -> None:
    """The short and the long form of an IPv6 address are the same address."""
    network = Network()
    network.place("fd00:80:20::4", 443, 50123)
    assert network.endpoint("fd00:0080:0020:0:0:0:0:0004", 443) == ("127.0.0.1", 50123)


def test_a_removed_address_has_no_route() -> None:
    """What was taken off the table is unreachable again."""
    network = Network()
    network.place("10.80.20.4", 443, 50123)
    network.remove("10.80.20.4", 443)
    with pytest.raises(OSError, match="unreachable"):
        network.endpoint("10.80.20.4", 443)


def test_what_is_no_address_cannot_be_placed() -> None:
    """A host name on the table of addresses is an error."""
    with pytest.raises(ValueError, match=r"api\.example"):
        Network().place("api.example.com", 443, 50123)
