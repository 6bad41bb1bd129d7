"""How the records of a call hang together: by the spans that they name as their parents.

One operation (a trace, as W3C calls it) can hold many calls: a caller with tracing of its own sends the same trace id
with each. So to share the operation is not enough to be of the call.
"""

from collections.abc import Sequence

from probes.trace.queries import PROPERTY
from probes.trace.records import Hop, Item, parents, spans


def related(own: Sequence[Item], others: Sequence[Item]) -> list[Item]:
    """Those of the others, which share an operation with the call's own records, that are of the call as well.

    That is what stands around or below its own records, and what says nothing else: a request that does neither is
    another call's, and so is all below it.
    """
    among = spans([*others, *own])
    around = {id(parent) for item in own for parent in parents(item, among)}
    inside = {id(item) for item in own}
    for item in own:
        # What has the id may be a log only: all that its request has done is of the call.
        nearest = next((each for each in (item, *parents(item, among)) if each.hop is Hop.REQUEST), None)
        inside.add(id(nearest))
    return [item for item in others if _belongs(item, list(parents(item, among)), around, inside)]


def _belongs(item: Item, above: Sequence[Item], around: set[int], inside: set[int]) -> bool:
    if PROPERTY in item.properties:
        return False  # of another call, by its own word
    if id(item) in around:
        return True
    for parent in above:
        if id(parent) in inside:
            return True
        if id(parent) in around:
            # Around the call there may be others: what that span says itself is of this call, a span below it is not.
            return parent is above[0] and item.hop in {Hop.LOG, Hop.EXCEPTION}
    top = above[-1] if above else item
    return top.hop is not Hop.REQUEST and PROPERTY not in top.properties


def outline(items: Sequence[Item]) -> list[tuple[int, Item]]:
    """The records with how deep each stands below others, a span before what belongs to it, else by time."""
    among = spans(items)
    below: dict[int, list[Item]] = {}
    tops: list[Item] = []
    for item in items:
        parent = next(parents(item, among), item)
        (tops if parent is item else below.setdefault(id(parent), [])).append(item)
    found: list[tuple[int, Item]] = []
    seen: set[int] = set()
    # Spans that name each other as parents stand below no top: those that are left begin anew.
    for top in (*tops, *items):
        pending = [(0, top)]
        while pending:
            depth, item = pending.pop()
            if id(item) not in seen:
                seen.add(id(item))
                found.append((depth, item))
                pending += [(depth + 1, each) for each in reversed(below.get(id(item), []))]
    return found
