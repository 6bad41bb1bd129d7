"""What host.json and the app settings do."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.host.configuration import Configuration, ConfigurationError, is_true, load, timespan
from lab.host.trace import Telemetry
from tests.lab.host.conftest import HEALTH, PREAMBLE, served

CONNECTED = {"APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-0000-0000-0000-000000000000"}


def of_text(folder: Path, text: str, settings: dict[str, str] | None = None) -> Configuration:
    """The configuration that a host.json of this text makes."""
    (folder / "host.json").write_text(text, encoding="utf-8")
    return load(folder, settings or {})


def of(folder: Path, table: dict[str, Any], settings: dict[str, str] | None = None) -> Configuration:
    """The configuration that these keys make."""
    return of_text(folder, json.dumps({"version": "2.0", **table}), settings)


def http(**keys: Any) -> dict[str, Any]:
    """Keys of the section extensions.http."""
    return {"extensions": {"http": keys}}


def test_a_version_is_all_that_is_needed(tmp_path: Path) -> None:
    """Prefix `api`, half an hour, no limits, no headers, no telemetry."""
    assert of(tmp_path, {}) == Configuration(
        route_prefix="api",
        custom_headers={},
        timeout_s=1800,
        max_outstanding=None,
        max_concurrent=None,
        telemetry=Telemetry.NONE,
    )


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """As Windows editors write it."""
    assert of_text(tmp_path, '\ufeff{"version": "2.0"}') == Configuration()


@pytest.mark.parametrize(
    "table",
    [
        {"routePrefx": "x"},
        {"extensions": {"htp": {"routePrefix": "x"}}},
        http(routePrefx="x"),
        {"logging": {"logLevel": 5}},
        {"concurrency": {"unknown": []}},
    ],
    ids=json.dumps,
)
def test_unknown_keys_are_ignored(tmp_path: Path, table: dict[str, Any]) -> None:
    """At any level, and in silence: a misspelt key changes nothing."""
    assert of(tmp_path, table) == Configuration()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "host.json"),
        ("[]", "missing the required 'version' property"),
        ("{}", "missing the required 'version' property"),
        ('{"version": "1.0"}', "version = '1.0': allowed: '2.0'"),
        ('{"version": "3.0"}', "version = '3.0': allowed: '2.0'"),
        ('{"version": "2.0", "extensions": []}', "Failed to convert configuration value at 'extensions'"),
    ],
)
def test_a_file_that_is_no_host_json_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    """The error says what is missing, or what is allowed."""
    with pytest.raises(ConfigurationError, match=words):
        of_text(tmp_path, text)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(ConfigurationError, match=r"host\.json"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (http(maxOutstandingRequests="many"), "at 'maxOutstandingRequests' to type 'int'"),
        (http(maxConcurrentRequests=True), "at 'maxConcurrentRequests' to type 'int'"),
        (http(customHeaders="x"), "at 'customHeaders' to type 'dict'"),
        (http(customHeaders={"X-A": 1}), "at 'X-A' to type 'str'"),
        (http(routePrefix=1), "at 'routePrefix' to type 'str'"),
        (http(routePrefix="/api/"), "routePrefix = '/api/'"),
        ({"functionTimeout": "abc"}, "functionTimeout = 'abc'"),
        ({"functionTimeout": "00:00:01"}, "functionTimeout = '00:00:01': allowed: hh:mm:ss above 00:00:01"),
        ({"functionTimeout": "-00:00:05"}, "functionTimeout = '-00:00:05'"),
        ({"functionTimeout": 5}, "at 'functionTimeout' to type 'str'"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_wrong_value_is_an_error(tmp_path: Path, table: dict[str, Any], words: str) -> None:
    """The error has the key, and the type or the value."""
    with pytest.raises(ConfigurationError, match=words):
        of(tmp_path, table)


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:05:00", 300.0), ("00:11:00", 660.0), ("1.00:00:00", 86_400.0), ("-1", None)]
)
def test_function_timeout(tmp_path: Path, text: str, seconds: float | None) -> None:
    """A timespan; -1 is none at all."""
    assert of(tmp_path, {"functionTimeout": text}).timeout_s == seconds


@pytest.mark.parametrize(("value", "limit"), [(-1, None), (0, 0), (5, 5)])
def test_limits(tmp_path: Path, value: int, limit: int | None) -> None:
    """-1 is unlimited."""
    found = of(tmp_path, http(maxOutstandingRequests=value, maxConcurrentRequests=value))
    assert (found.max_outstanding, found.max_concurrent) == (limit, limit)


@pytest.mark.parametrize(
    ("mode", "settings", "telemetry"),
    [
        ("OpenTelemetry", {}, Telemetry.NONE),
        ("OpenTelemetry", CONNECTED, Telemetry.OPEN_TELEMETRY),
        ("opentelemetry", CONNECTED, Telemetry.OPEN_TELEMETRY),
        ("OpenTelemtry", CONNECTED, Telemetry.CLASSIC),
        ("", CONNECTED, Telemetry.CLASSIC),
    ],
)
def test_telemetry_mode(tmp_path: Path, mode: str, settings: dict[str, str], telemetry: Telemetry) -> None:
    """In any letter case, and only where there is something to send to; a misspelt mode is the classic one."""
    assert of(tmp_path, {"telemetryMode": mode}, settings).telemetry == telemetry


@pytest.mark.parametrize(("value", "true"), [("true", True), ("True", True), ("1", True), ("0", False), ("yes", False)])
def test_switches(value: str, true: bool) -> None:  # noqa: FBT001 - a column
    """`true` and 1 are true; the name's letter case does not count."""
    assert is_true({"AZUREWEBJOBSDISABLEHOMEPAGE": value}, "AzureWebJobsDisableHomepage") is true


@pytest.mark.parametrize("text", ["", "5", "00:60:00", "24:00:00", "0:0:0:1", "00:00:00.12345678", "-00:00:01"])
def test_what_is_no_timespan(text: str) -> None:
    """Nothing is made of it."""
    assert timespan(text) is None


async def test_a_host_that_cannot_start_answers_503(tmp_path: Path) -> None:
    """On everything; the announcement and the log say why, and that it is the host."""
    async with served(tmp_path, PREAMBLE + HEALTH, host={"version": "1.0"}) as app:
        answers = [await app.asked(target) for target in ("/api/health", "/", "/admin/host/ping")]
    assert [(answer.status_code, answer.text) for answer in answers] == [(503, "Function host is not running.")] * 3
    assert app.process.failed == {"host": "host.json: version = '1.0': allowed: '2.0'"}
    assert "A host error has occurred during startup: host.json: version = '1.0'" in app.process.log


async def test_the_prefix_of_routes(tmp_path: Path) -> None:
    """Of several segments if need be; `api` is nothing special then."""
    async with served(tmp_path, PREAMBLE + HEALTH, host=http(routePrefix="v1/orders")) as app:
        answers = [await app.asked(target) for target in ("/v1/orders/health", "/api/health")]
    assert [answer.status_code for answer in answers] == [200, 404]
