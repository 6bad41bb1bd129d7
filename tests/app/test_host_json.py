import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from croniter import croniter

from lab.probe_app import NEVER

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests" / "host.schema.json").read_text())
PROBE, ORDERS = ROOT / "host.json", ROOT / "orders" / "host.json"
EVERY_MINUTE = "0 * * * * *"


def host_json(file: Path) -> dict[str, Any]:
    """The file as the host reads it."""
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.mark.parametrize("file", [PROBE, ORDERS], ids=["probe", "orders"])
def test_host_json_has_known_keys_and_right_types_only(file: Path) -> None:
    """The host ignores a misspelt key in silence, and a wrong type stops the whole app."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(host_json(file), SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"retry": {"strategy": "fixedDelay"}},
        {"functionTimout": "00:01:00"},
        {"functionTimeout": "2 minutes"},
        {"telemetryMode": "OpenTelemtry"},
        {"extensions": {"http": {"routePrefx": "api"}}},
        {"extensions": {"http": {"routePrefix": "/api"}}},
        {"extensions": {"http": {"maxOutstandingRequests": "many"}}},
        {"logging": {"logLevel": {"default": "Loud"}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_schema_would_notice(change: dict[str, Any]) -> None:
    """Each of these is ignored, or stops the app, on the real host."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(copy.deepcopy(host_json(PROBE)) | change, SCHEMA)


def test_the_timer_moves_within_half_a_minute() -> None:
    """The default is a minute, in which the alert on silence would fire at every restart."""
    assert host_json(PROBE)["singleton"] == {"listenerLockRecoveryPollingInterval": "00:00:15"}


@pytest.mark.parametrize("schedule", [EVERY_MINUTE, NEVER])
def test_schedules_have_six_fields(schedule: str) -> None:
    """The host says nothing of a schedule it cannot read but in its log, and runs the app without the timer."""
    assert len(schedule.split()) == 6
    assert croniter.is_valid(schedule, second_at_beginning=True)
