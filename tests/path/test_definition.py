"""Which addresses of a target are private."""

import pytest

from probes.path import Target, from_mapping
from probes.path.definition import is_private_space


def target(*subnets: str) -> Target:
    """A target with these expected subnets."""
    table = {"name": "a", "role": "backend", "url": "https://a/", "private_subnets": list(subnets)}
    return from_mapping({"name": "p", "targets": [table]}, source="test").targets[0]


@pytest.mark.parametrize("address", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1"])
def test_private_space(address: str) -> None:
    """RFC 1918 and RFC 4193 addresses are private where no subnets are given."""
    assert is_private_space(address)
    assert target().is_private(address)


@pytest.mark.parametrize(
    "address",
    [
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.10",
        "2001:db8::1",
        "127.0.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "172.32.0.1",
    ],
)
def test_documentation_networks_are_not_private(address: str) -> None:
    """What Python calls private beyond that (documentation, loopback, link-local) is none here."""
    assert not is_private_space(address)
    assert not target().is_private(address)


def test_expected_subnets_take_the_place_of_private_space() -> None:
    """With subnets given, only they count, be they private or public, of either family."""
    expected = target("10.80.20.0/27", "203.0.113.0/28", "fd00:80::/64")
    assert all(map(expected.is_private, ["10.80.20.4", "203.0.113.10", "fd00:80::4"]))
    assert not any(map(expected.is_private, ["10.80.99.4", "203.0.113.200", "fd00:81::4"]))
