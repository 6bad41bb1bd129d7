"""The timer's run: every path is swept, and each result told."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import azure.functions as func

from probes.app.settings import Settings, Unusable
from probes.observe.surroundings import Surroundings
from probes.path import Path
from probes.sweep import sweep
from probes.tell import telemetry

LONGEST_SWEEP_S = 90.0
"""With the longest spread before it, a sweep still ends within the functionTimeout of host.json."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the timer starts."""

    settings: Settings | Unusable
    surroundings: Callable[[], Surroundings]

    async def run(self, timer: func.TimerRequest) -> None:
        """Sweep all paths at once. Nothing is raised: a path that fails must not stop the others, nor the next run."""
        if timer.past_due:
            # The host makes up for a missed run. What it would find is now, not then, and the next run sees that.
            logger.warning("The run is past due and is skipped")
            return
        if isinstance(self.settings, Unusable):
            telemetry.tell_misconfigured([fault.key for fault in self.settings.faults])
            logger.error("Nothing is probed. %s", "; ".join(map(str, self.settings.faults)))
            return
        await asyncio.gather(*(self._sweep(path, self.settings.spread_s) for path in self.settings.paths.values()))

    async def _sweep(self, path: Path, spread_s: float) -> None:
        try:
            await asyncio.sleep(delay_s(path.name, spread_s))
            surroundings = await asyncio.to_thread(self.surroundings)
            result = await sweep(path, surroundings, deadline_s=LONGEST_SWEEP_S)
        except asyncio.CancelledError:
            logger.warning("The sweep of %s was interrupted", path.name)
        except Exception:
            logger.exception("The sweep of %s failed", path.name)
        else:
            telemetry.tell(result, trigger="timer")
            logger.info("Swept %s; sweep %s", telemetry.in_one_line(result), result.sweep_id)


def delay_s(name: str, spread_s: float) -> float:
    """When the sweep of a path starts, the same on every run and instance: paths do not all knock at once."""
    return int.from_bytes(sha256(name.encode()).digest()[:4]) / 2**32 * spread_s
