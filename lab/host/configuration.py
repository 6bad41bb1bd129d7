"""What host.json and the app settings ask of the host."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from lab.host.trace import Telemetry

DEFAULT_TIMEOUT_S = 1800.0
TIMESPAN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]?\d):(?P<seconds>[0-5]?\d(?:\.\d{1,7})?)"
)


class ConfigurationError(ValueError):
    """A value with which the host does not start: everything answers 503, for ever."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The values of host.json that are imitated; all others are ignored, as the host ignores those it does not know.

    Attributes:
        timeout_s: functionTimeout, `None` = none.
        max_outstanding: HTTP invocations under way or waiting, beyond which the answer is 429; `None` = no limit.
        max_concurrent: HTTP invocations under way, beyond which they wait; `None` = no limit.
    """

    route_prefix: str = "api"
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = DEFAULT_TIMEOUT_S
    max_outstanding: int | None = None
    max_concurrent: int | None = None
    telemetry: Telemetry = Telemetry.NONE


def load(folder: Path, settings: Mapping[str, str]) -> Configuration:
    """The configuration of the app in a folder; raises ConfigurationError."""
    try:
        table = json.loads((folder / "host.json").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"host.json: {error}") from None
    version = table.get("version") if isinstance(table, dict) else None
    if version is None:
        raise ConfigurationError("The host.json file is missing the required 'version' property.")
    if version != "2.0":
        raise ConfigurationError(f"host.json: version = {version!r}: allowed: '2.0'")
    http = _section(_section(table, "extensions"), "http")
    prefix = _typed(http, "routePrefix", str, "api")
    if prefix != prefix.strip("/"):
        raise ConfigurationError(f"host.json: routePrefix = {prefix!r}: allowed: no slash at either end")
    headers = _section(http, "customHeaders")
    return Configuration(
        route_prefix=prefix,
        custom_headers={name: _typed(headers, name, str, "") for name in headers},
        timeout_s=_timeout_s(_typed(table, "functionTimeout", str, "00:30:00")),
        max_outstanding=_limit(http, "maxOutstandingRequests"),
        max_concurrent=_limit(http, "maxConcurrentRequests"),
        telemetry=_telemetry(_typed(table, "telemetryMode", str, ""), settings),
    )


def is_true(settings: Mapping[str, str], *names: str) -> bool:
    """Whether one of the settings is there and true; neither names nor values are told apart by letter case."""
    wanted = {name.lower() for name in names}
    return any(name.lower() in wanted and value.lower() in {"true", "1"} for name, value in settings.items())


def timespan(text: str) -> timedelta | None:
    """A .NET TimeSpan, `[d.]hh:mm:ss[.fffffff]`; `None` where the text is none."""
    found = TIMESPAN.fullmatch(text)
    return timedelta(**{unit: float(value or 0) for unit, value in found.groupdict().items()}) if found else None


def _section(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _typed(table, name, dict, {})
    return found


def _typed[T](table: Mapping[str, Any], name: str, kind: type[T], default: T) -> T:
    value = table.get(name, default)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigurationError(f"Failed to convert configuration value at '{name}' to type '{kind.__name__}'.")
    return value


def _limit(http: Mapping[str, Any], name: str) -> int | None:
    value = _typed(http, name, int, -1)
    return value if value >= 0 else None


def _timeout_s(text: str) -> float | None:
    if text == "-1":
        return None
    found = timespan(text)
    if found is None or found <= timedelta(seconds=1):
        raise ConfigurationError(f"host.json: functionTimeout = {text!r}: allowed: hh:mm:ss above 00:00:01, or -1")
    return found.total_seconds()


def _telemetry(mode: str, settings: Mapping[str, str]) -> Telemetry:
    """A mode that is misspelt says nothing, and is the classic one."""
    if not settings.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        return Telemetry.NONE
    return Telemetry.OPEN_TELEMETRY if mode.lower() == "opentelemetry" else Telemetry.CLASSIC
