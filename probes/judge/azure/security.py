"""A network security group evaluated offline, as Azure does it: by priority, the first rule that fits decides.

https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works. Azure's own evaluation
(effectiveNetworkSecurityGroups) needs more than Reader, and does not exist for the interface of a Private Endpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from probes.judge.azure.prefixes import (
    ANY,
    Address,
    Network,
    Space,
    holds,
    network,
    overlap,
    port_in,
    tag_holds,
    without,
)
from probes.resources import SecurityGroupContent, SecurityRule

LAST_OWN_PRIORITY = 4096
FIRST_OWN_PRIORITY = 100
ANY_PORT = frozenset({"*", "0-65535", "1-65535"})


def default(name: str, priority: int, direction: str, access: str, flow: tuple[str, str]) -> SecurityRule:
    """One of the rules that every group ends with."""
    return SecurityRule(
        name=name, priority=priority, direction=direction, access=access, protocol="*", sources=(flow[0],),
        source_ports=("*",), destinations=(flow[1],), ports=("*",), groups=(), default=True,
    )  # fmt: skip


DEFAULT_RULES = (
    default("AllowVnetInBound", 65000, "Inbound", "Allow", ("VirtualNetwork", "VirtualNetwork")),
    default("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", ("AzureLoadBalancer", "*")),
    default("DenyAllInBound", 65500, "Inbound", "Deny", ("*", "*")),
    default("AllowVnetOutBound", 65000, "Outbound", "Allow", ("VirtualNetwork", "VirtualNetwork")),
    default("AllowInternetOutBound", 65001, "Outbound", "Allow", ("*", "Internet")),
    default("DenyAllOutBound", 65500, "Outbound", "Deny", ("*", "*")),
)
"""What Azure adds to every group; the answer holds them, and where it does not they are no less there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """What a group makes of a flow.

    Attributes:
        allowed: `None` = it cannot be told from here.
        rule: that decides; of several that decide alike for parts of the source, the first.
        why: what keeps it from being told.
    """

    allowed: bool | None
    rule: SecurityRule | None = None
    why: str = ""


def filtered(
    group: SecurityGroupContent,
    direction: str,
    *,
    sources: Sequence[Network],
    destination: Address,
    port: int,
    space: Space,
) -> Filtered:
    """What a group makes of TCP from anywhere in these networks to one address and port.

    A rule that fits only a part of the source decides for that part; where the parts fare differently nothing can be
    said of an address that is not known. So it is with a rule of which it cannot be told whether it fits.
    """
    left, decided, doubtful = tuple(sources), list[SecurityRule](), list[SecurityRule]()
    for rule in in_order(group, direction):
        if not left:
            break
        fits = concerns(rule, destination, port, space)
        if fits is False:
            continue
        taken, sure = source_part(rule, left, space)
        if not taken and sure:
            continue
        if fits is None or not sure:
            doubtful.append(rule)
            continue
        decided.append(rule)
        for net in taken:
            left = without(left, net)
    return outcome(decided, doubtful, complete=not left)


def outcome(decided: Sequence[SecurityRule], doubtful: Sequence[SecurityRule], *, complete: bool) -> Filtered:
    """What the rules that fit, or may fit, come to."""
    words = {rule.access.lower() for rule in (*decided, *doubtful)}
    if not decided or not complete:
        return Filtered(allowed=None, why="no rule decides for the whole subnet")
    if len(words) == 1:
        return Filtered(allowed=words == {"allow"}, rule=decided[0])
    if doubtful:
        names = ", ".join(dict.fromkeys(rule.name for rule in doubtful))
        return Filtered(allowed=None, rule=decided[0], why=f"whether rule {names} fits cannot be told from here")
    names = ", ".join(rule.name for rule in decided)
    return Filtered(allowed=None, rule=decided[0], why=f"it depends on the address in the subnet (rules {names})")


def in_order(group: SecurityGroupContent, direction: str) -> list[SecurityRule]:
    """The rules of one direction, the platform's own last."""
    mine = [rule for rule in group.rules if rule.direction.lower() == direction.lower()]
    if not any(rule.default for rule in mine):
        mine += [rule for rule in DEFAULT_RULES if rule.direction.lower() == direction.lower()]
    return sorted(mine, key=lambda rule: rule.priority)


def concerns(rule: SecurityRule, destination: Address, port: int, space: Space) -> bool | None:
    """Whether a rule is of TCP to that address and port; `None` = it may be."""
    if rule.protocol.lower() not in {"tcp", "*", "any"} or not port_in(rule.ports or ("*",), port):
        return False
    if not rule.destinations:
        return None  # an application security group, or an answer that does not say
    answers = [holds(word, destination, space) for word in rule.destinations]
    found = True if True in answers else None if None in answers else False
    some_ports_only = bool(rule.source_ports) and not ANY_PORT & {text.strip() for text in rule.source_ports}
    return None if found and (rule.groups or some_ports_only) else found


def source_part(rule: SecurityRule, left: Sequence[Network], space: Space) -> tuple[list[Network], bool]:
    """The part of the source that a rule takes in, and whether that is all that can be said."""
    taken: list[Network] = []
    sure = bool(rule.sources)
    for word in rule.sources:
        if word.strip().lower() in ANY:
            return list(left), sure
        net = network(word)
        if net is not None:
            taken += [common for mine in left if (common := overlap(mine, net)) is not None]
            continue
        for mine in left:
            found = tag_takes(word, mine, space)
            taken += [mine] if found else []
            sure = sure and found is not None
    whole = not any(nets_left(left, taken))
    return taken, sure or (whole and bool(taken))


def nets_left(left: Sequence[Network], taken: Sequence[Network]) -> tuple[Network, ...]:
    """What remains of the source."""
    for net in taken:
        left = without(left, net)
    return tuple(left)


def tag_takes(word: str, mine: Network, space: Space) -> bool | None:
    """Whether a tag takes in a whole network; its first and last address speak for it."""
    answers = {tag_holds(word.strip().lower(), address, space) for address in (mine[0], mine[-1])}
    return answers.pop() if len(answers) == 1 else None


def free_priority(group: SecurityGroupContent, direction: str, before: int) -> int | None:
    """The highest priority that nobody has and that comes before another's; `None` = there is none."""
    used = {rule.priority for rule in group.rules if rule.direction.lower() == direction.lower()}
    last = min(before - 1, LAST_OWN_PRIORITY)
    return next((number for number in range(last, FIRST_OWN_PRIORITY - 1, -1) if number not in used), None)


def next_priority(group: SecurityGroupContent, direction: str, after: int) -> int | None:
    """The first priority after another's that nobody has; `None` = there is none."""
    used = {rule.priority for rule in group.rules if rule.direction.lower() == direction.lower()}
    return next((number for number in range(after + 1, LAST_OWN_PRIORITY + 1) if number not in used), None)
