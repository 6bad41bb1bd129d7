"""What host.json and the app settings ask of the host."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

DEFAULT_TIMEOUT_S = 1800.0
TIMESPAN = re.compile(r"(?:(?P<days>\d+)\.)?(?P<hours>\d\d?):(?P<minutes>\d\d):(?P<seconds>\d\d)")


class HostJsonError(ValueError):
    """A value in host.json with which the host does not start: everything answers 503, for ever."""


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys of a host; compared without regard to case, as the real one does."""

    master: str = "master-key-of-the-lab"
    host: str = "host-key-of-the-lab"
    function: str = "function-key-of-the-lab"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The values that are imitated.

    Attributes:
        timeout_s: functionTimeout, `None` = none.
        most_outstanding: requests under way before the host answers 429, `None` = no limit.
        telemetry: the host exports OpenTelemetry itself, and so hands a trace context to HTTP functions.
    """

    prefix: str = "api"
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = DEFAULT_TIMEOUT_S
    most_outstanding: int | None = None
    telemetry: bool = False
    homepage: bool = True


def load(folder: Path, settings: Mapping[str, str]) -> Configuration:
    """The configuration of an app; raises HostJsonError."""
    try:
        table = json.loads((folder / "host.json").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise HostJsonError(f"host.json: {error}") from None
    if not isinstance(table, dict) or table.get("version") != "2.0":
        raise HostJsonError("The host.json file is missing the required 'version' property.")
    http = section(section(table, "extensions"), "http")
    prefix = typed(http, "routePrefix", str, "api")
    if prefix != prefix.strip("/"):
        raise HostJsonError(f"routePrefix = {prefix!r}: allowed: no slash at its ends")
    outstanding = typed(http, "maxOutstandingRequests", int, -1)
    mode = typed(table, "telemetryMode", str, "")
    return Configuration(
        prefix=prefix,
        custom_headers={name: str(value) for name, value in section(http, "customHeaders").items()},
        timeout_s=timeout_s(typed(table, "functionTimeout", str, "00:30:00")),
        most_outstanding=outstanding if outstanding >= 0 else None,
        telemetry=mode.lower() == "opentelemetry" and bool(settings.get("APPLICATIONINSIGHTS_CONNECTION_STRING")),
        homepage=settings.get("AzureWebJobsDisableHomepage", "").lower() != "true",
    )


def section(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table below another, empty where it is absent."""
    found: Mapping[str, Any] = typed(table, name, dict, {})
    return found


def typed[T](table: Mapping[str, Any], name: str, kind: type[T], default: T) -> T:
    """A value of its type, or HostJsonError; unknown keys are nobody's business, as on the real host."""
    value = table.get(name, default)
    if not isinstance(value, kind):
        raise HostJsonError(f"Failed to convert configuration value at '{name}' to type '{kind.__name__}'.")
    return value


def timeout_s(text: str) -> float | None:
    """Seconds of functionTimeout, `None` for -1."""
    if text == "-1":
        return None
    found = timespan(text)
    if found is None or found <= timedelta(seconds=1):
        raise HostJsonError(f"functionTimeout = {text!r}: allowed: hh:mm:ss above one second, or -1")
    return found.total_seconds()


def timespan(text: str) -> timedelta | None:
    """A .NET TimeSpan as the host reads it, `None` where the text is none."""
    found = TIMESPAN.fullmatch(text)
    return timedelta(**{name: int(value or 0) for name, value in found.groupdict().items()}) if found else None
