"""The counters of rate-limit-by-key and quota-by-key."""

import time
from dataclasses import dataclass

from lab.policy.run import Limit


@dataclass(slots=True)
class Window:
    """The calls of one key in the period under way."""

    ends_s: float
    calls: int


class Limits:
    """All counters of a gateway. Equal keys of one statement share a counter, whichever API they stand in.

    Periods are fixed, as those of a quota; the real rate limit's window slides.
    """

    def __init__(self, spent: int = 0) -> None:
        """`spent` = calls that every key begins its first period with."""
        self._spent = spent
        self._windows: dict[tuple[str, str], Window] = {}

    def admits(self, limit: Limit) -> bool:
        """Count a call, and whether it is within the limit."""
        now_s = time.monotonic()
        key = (limit.policy, limit.key)
        window = self._windows.get(key)
        if window is None or window.ends_s <= now_s:
            spent = self._spent if window is None else 0
            window = self._windows[key] = Window(ends_s=now_s + limit.period_s, calls=spent)
        window.calls += 1
        return window.calls <= limit.calls
