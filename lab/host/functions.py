"""The functions of an app as the host sorts them: by what starts them, with those that are lost and those disabled."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from lab.host.configuration import is_true
from lab.host.routing import Route, RouteTable
from lab.host.timer import ScheduleError, Timer, parsed, resolved
from lab.host.worker import Function

logger = logging.getLogger(__name__)

HTTP, TIMER = "httpTrigger", "timerTrigger"
NAME = re.compile(r"[A-Za-z][\w-]{0,127}", re.ASCII)


class LostFunctionError(Exception):
    """A function that cannot start; the others can."""


@dataclass(frozen=True, kw_only=True)
class Functions:
    """The functions of one app.

    Attributes:
        by_name: those that can start; names in lower case.
        timers: what makes each timer function tick, by name in lower case; a disabled one only runs by hand.
        disabled: names in lower case.
        failed: why a function is lost, by its name.
    """

    by_name: Mapping[str, Function]
    routes: RouteTable
    timers: Mapping[str, Timer]
    disabled: frozenset[str]
    failed: Mapping[str, str]

    @classmethod
    def of(cls, indexed: Iterable[Function], prefix: str, settings: Mapping[str, str]) -> Self:
        """Sort what the worker found; raises RouteError where one route costs the app all of them."""
        by_name: dict[str, Function] = {}
        routes: list[Route] = []
        timers: dict[str, Timer] = {}
        disabled: set[str] = set()
        failed: dict[str, str] = {}
        for function in indexed:
            name = function.name.lower()
            try:
                _check(function)
                if function.kind == HTTP:
                    routes.append(Route.of(function, prefix))
                else:
                    timers[name] = _timer(function, settings)
            except (LostFunctionError, ScheduleError) as error:
                logger.error("The '%s' function is in error: %s", function.name, error)  # noqa: TRY400 - the text says all
                failed[function.name] = str(error)
                continue
            by_name[name] = function
            if is_true(settings, f"AzureWebJobs_{name}_Disabled", f"AzureWebJobs.{name}.Disabled"):
                logger.info("Function 'Functions.%s' is disabled", function.name)
                disabled.add(name)
        return cls(
            by_name=by_name,
            routes=RouteTable(routes),
            timers=timers,
            disabled=frozenset(disabled),
            failed=failed,
        )


def _check(function: Function) -> None:
    """Raise LostFunctionError where the function cannot start."""
    if not NAME.fullmatch(function.name):
        raise LostFunctionError(f"'{function.name}' is not a valid function name.")
    if function.kind not in {HTTP, TIMER}:
        raise LostFunctionError(f"The binding type(s) '{function.kind}' are not imitated by the lab.")


def _timer(function: Function, settings: Mapping[str, str]) -> Timer:
    binding = function.trigger
    return Timer(
        parsed(resolved(str(binding.get("schedule", "")), settings)),
        monitored=bool(binding.get("useMonitor", True)),
        at_start=bool(binding.get("runOnStartup", False)),
    )
