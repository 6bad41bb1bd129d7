"""Security groups evaluated offline, against a straightforward evaluation of single addresses."""

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.judge.azure.prefixes import Space
from probes.judge.azure.security import DEFAULT_RULES, Filtered, filtered, free_priority
from probes.resources import SecurityGroupContent, SecurityRule
from tests.judge.estate import rule

VNET = ip_network("10.80.0.0/16")
SUBNET = ip_network("10.80.30.0/28")
TARGET = IPv4Address("10.80.20.4")
SPACE = Space(own=(VNET,), whole=True)
KNOWN = (
    "*",
    "10.80.30.0/28",
    "10.80.30.0/29",
    "10.80.30.8/30",
    "10.80.30.5",
    "10.80.20.0/27",
    "10.80.20.4/32",
    "10.0.0.0/8",
    "192.168.0.0/16",
    "VirtualNetwork",
    "Internet",
    "AzureLoadBalancer",
    "Storage.WestEurope",
)
"""Words of which it can always be told whether they hold."""
PORTS = ("*", "443", "80", "400-500", "8000-8010")
RULES = st.lists(
    st.builds(
        rule,
        name=st.sampled_from(["one", "two", "three"]),
        priority=st.integers(100, 4096),
        direction=st.sampled_from(["Outbound", "outbound", "Inbound"]),
        access=st.sampled_from(["Allow", "Deny"]),
        protocol=st.sampled_from(["*", "Tcp", "TCP", "Udp", "Icmp"]),
        sources=st.lists(st.sampled_from(KNOWN), min_size=1, max_size=2).map(tuple),
        destinations=st.lists(st.sampled_from(KNOWN), min_size=1, max_size=2).map(tuple),
        ports=st.lists(st.sampled_from(PORTS), min_size=1, max_size=2).map(tuple),
    ),
    max_size=6,
    unique_by=lambda made: made.priority,
)


def evaluated(*rules: SecurityRule, direction: str = "Outbound", space: Space = SPACE, port: int = 443) -> Filtered:
    """What a group of these rules makes of the subnet's calls to the endpoint."""
    return filtered(
        SecurityGroupContent(rules=rules), direction, sources=(SUBNET,), destination=TARGET, port=port, space=space
    )


def takes(word: str, address: IPv4Address) -> bool:
    """Whether a known word holds an address of the network."""
    if word in {"*", "VirtualNetwork"}:
        return True
    return word[0].isdigit() and address in ip_network(word)


def by_hand(rules: list[SecurityRule], source: IPv4Address) -> bool:
    """The first rule that fits one address decides, as the documentation has it."""
    mine = [each for each in (*rules, *DEFAULT_RULES) if each.direction.lower() == "outbound"]
    for each in sorted(mine, key=lambda one: one.priority):
        spans = [[int(end) for end in text.split("-")] for text in each.ports if text != "*"]
        port = "*" in each.ports or any(span[0] <= 443 <= span[-1] for span in spans)
        protocol = each.protocol.lower() in {"*", "tcp"}
        there = any(takes(word, source) for word in each.sources) and any(takes(w, TARGET) for w in each.destinations)
        if port and protocol and there:
            return each.access == "Allow"
    raise AssertionError


@settings(deadline=None)
@given(RULES)
def test_the_same_as_address_by_address(rules: list[SecurityRule]) -> None:
    """A subnet is let through or kept back as each of its addresses is; where they differ nothing is said."""
    found = {by_hand(rules, address) for address in SUBNET if isinstance(address, IPv4Address)}
    expected = found.pop() if len(found) == 1 else None
    assert evaluated(*rules).allowed is expected


@settings(deadline=None)
@given(RULES, st.sampled_from(["Allow", "Deny"]), st.integers(100, 4096))
def test_a_word_that_is_not_known_never_makes_a_wrong_answer(rules: list[SecurityRule], access: str, at: int) -> None:
    """With a rule that may fit or not, what is said holds in both cases, or nothing is said."""
    others = [each for each in rules if each.priority != at]
    for word in ({"destinations": ("SomeTag",)}, {"sources": ("SomeTag",)}, {"destinations": (), "groups": ("asg",)}):
        doubtful = rule("doubtful", at, "Outbound", access, **word)
        said = evaluated(*others, doubtful).allowed
        fits = rule("doubtful", at, "Outbound", access)
        either = {evaluated(*others).allowed, evaluated(*others, fits).allowed}
        assert said is None or either == {said}


def test_the_rules_that_azure_adds() -> None:
    """An empty group lets the network's own through, and the rules that Azure adds need not be in the answer."""
    assert evaluated().allowed is True
    assert evaluated(*DEFAULT_RULES).rule == evaluated().rule
    outside = Space(own=(ip_network("10.80.30.0/24"),), whole=True)
    assert evaluated(space=outside).allowed is None


def test_the_deciding_rule_is_named() -> None:
    """Of several denials the first one is the one to blame."""
    found = evaluated(rule("second", 300, "Outbound", "Deny"), rule("first", 200, "Outbound", "Deny"))
    assert (found.allowed, found.rule and found.rule.name) == (False, "first")


def test_a_service_tag_holds_no_private_address() -> None:
    """Outbound rules for Azure's own services let nothing through to an endpoint, and put nothing in doubt."""
    tags = [
        rule(tag, 100 + place, "Outbound", "Allow", destinations=(tag,))
        for place, tag in enumerate(("Storage", "Sql.WestEurope"))
    ]
    assert evaluated(*tags, rule("rest", 4096, "Outbound", "Deny")).allowed is False


@pytest.mark.parametrize("ports", [("8443",), ("440-442",), ("x",), ()])
def test_other_ports(ports: tuple[str, ...]) -> None:
    """A rule for other ports does not decide; one without any is for all."""
    found = evaluated(rule("other", 100, "Outbound", "Deny", ports=ports))
    assert found.allowed is (bool(ports))


def test_a_rule_for_some_source_ports_decides_nothing() -> None:
    """Which port a caller takes is not known."""
    some = rule("some", 100, "Outbound", "Deny", source_ports=("1024-2048",))
    assert evaluated(some).allowed is None
    assert evaluated(some, rule("all", 99, "Outbound", "Allow")).allowed is True


def test_a_default_route_widens_the_tag() -> None:
    """Azure counts prefixes of a subnet's routes into VirtualNetwork: what they hold is in doubt, not outside."""
    space = Space(own=(ip_network("10.80.30.0/24"),), routed=(ip_network("0.0.0.0/0"),), whole=True)
    assert (
        evaluated(rule("vnet", 100, "Outbound", "Deny", destinations=("VirtualNetwork",)), space=space).allowed is None
    )


def test_priorities_that_are_free() -> None:
    """The line that allows a call needs a priority before the one that denies it, of its own direction."""
    group = SecurityGroupContent(
        rules=(
            rule("a", 102, "Outbound", "Deny"),
            rule("b", 101, "Outbound", "Allow"),
            rule("c", 100, "Inbound", "Allow"),
        )
    )
    assert free_priority(group, "Outbound", 102) == 100
    assert free_priority(group, "Outbound", 100) is None
    assert free_priority(group, "Outbound", 65_500) == 4096
