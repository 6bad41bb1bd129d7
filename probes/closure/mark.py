"""The mark on a site that says who is closing it: what keeps two operators on two machines apart.

A tag, set with the tags API, which merges one tag and leaves the others alone, and which takes one away by name *and*
value, so that nobody removes another's. What it can do and what not:

- Azure has no conditional write for tags, and sites have no ETag. Whoever wrote last has the mark. So it is read, set,
  and read again after a pause that is longer than a write takes: of two that set it at the same time the later one
  finds its own, the earlier one finds the other's and withdraws.
- A process that stands still between its first read and its write for longer than the other's pause could still take
  the mark from a closure under way. It notices how long it took, and pauses and looks again; the other one looks again
  before every change, and stops. Both then know; at worst a change was made and is told of, and none is made twice
  over: every change is a value that is set, the same from both.
- It binds whoever uses this command and nobody else: a portal, a pipeline or `az` does not ask for marks. That the
  state changes under us is noticed by reading it before every change and at the end.
- A process that dies leaves its mark behind. After two hours it counts as stale, and may be taken over.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from re import ASCII
from re import compile as pattern

TAG = "private-path-closure"
STALE = timedelta(hours=2)
SKEW = timedelta(minutes=5)
"""How far two machines' clocks may be apart."""
FORM = pattern(r"(?P<id>[0-9a-f]{32}) (?P<at>[0-9T:+.-]{19,40}Z?) (?P<who>[\w.@-]{1,120})", ASCII)
UNFIT = pattern(r"[^\w.@-]", ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Whose closure it is; `who` is `user@host`."""

    closure_id: str
    at: datetime
    who: str

    @property
    def value(self) -> str:
        """As the tag holds it: at most 256 characters, and none that a tag may not hold."""
        return f"{self.closure_id} {self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {self.who}"


def mark(value: str | None) -> Mark | None:
    """The mark that a tag holds; `None` where there is no tag, or one that no closure has written."""
    found = FORM.fullmatch(value or "")
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found["at"])
    except ValueError:
        return None
    return Mark(closure_id=found["id"], at=at if at.tzinfo else at.replace(tzinfo=UTC), who=found["who"])


def whose(user: str, host: str) -> str:
    """`user@host`, without what a tag may not hold."""
    return UNFIT.sub("-", f"{user}@{host}")[:120]


def stale(found: Mark, now: datetime) -> bool:
    """Whether it is older than any closure lasts."""
    return now - found.at > STALE


def in_the_way(value: str | None, closure_id: str, now: datetime, *, take_over: bool) -> Mark | None:
    """The mark of another closure that keeps this one from its work, `None` where there is none.

    A tag of that name that is no mark is nobody's; a stale one gives way only to `take_over`.
    """
    found = mark(value)
    if found is None or found.closure_id == closure_id:
        return None
    return None if take_over and stale(found, now) else found
