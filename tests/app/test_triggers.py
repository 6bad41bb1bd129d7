"""What the host and Microsoft's worker library make of the two apps, and what neither of them checks."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.host.process import start
from lab.ingestion import Ingestion
from lab.probe_app import ProbeApp
from tests.app.conftest import client_of, run_timer, sent, telemetry_to, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
APPS = [ROOT, ROOT / "orders"]
INDEX = """
import asyncio, json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from lab.host.worker import Worker
functions = asyncio.run(Worker().index(Path(sys.argv[1])))
print(json.dumps({function.name: function.trigger for function in functions}))
"""


async def triggers(folder: Path) -> dict[str, dict[str, Any]]:
    """Function name to trigger, as Microsoft's worker library indexes the app: one app a process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", INDEX, str(folder)), env={"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    found: dict[str, dict[str, Any]] = json.loads(out.splitlines()[-1])
    return found


async def test_the_routes_are_those_of_the_contract() -> None:
    """Name, route, methods and key level of each function, and the timer's binding, are exactly these."""
    found = await triggers(ROOT)
    timer = found.pop("probe_sweep")
    assert {name: (trigger["route"], trigger["methods"], trigger["authLevel"]) for name, trigger in found.items()} == {
        "health": ("health", ["GET", "HEAD"], "ANONYMOUS"),
        "diagnose": ("diagnose", ["GET", "POST"], "FUNCTION"),
        "finding": ("findings/{id}", ["GET"], "FUNCTION"),
    }
    assert (timer["type"], timer["schedule"]) == ("timerTrigger", "%PROBE_SCHEDULE%")
    assert (timer["useMonitor"], timer["runOnStartup"]) == (True, False)


@pytest.mark.parametrize("folder", APPS, ids=lambda folder: folder.name)
async def test_no_two_functions_have_one_route(folder: Path) -> None:
    """The host takes the alphabetically first of two, and says nothing."""
    routes = [
        (trigger["route"].casefold(), method)
        for trigger in (await triggers(folder)).values()
        if trigger["type"] == "httpTrigger"
        for method in trigger["methods"]
    ]
    assert len(routes) > 1
    assert len(set(routes)) == len(routes)


async def test_the_lab_runs_the_functions_of_the_product(app: ProbeApp) -> None:
    """What is tried out against the replica is what function_app.py has."""
    assert sorted(app.process.functions) == sorted(await triggers(ROOT))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_is_open(app: ProbeApp, method: str) -> None:
    """Anybody may ask, with HEAD too."""
    async with client_of(app.process) as http:
        response = await http.request(method, "/api/health")
    assert response.status_code == httpx.codes.OK
    if method == "GET":
        said = response.json()
        assert (said["configured"], said["wrong_settings"], said["telemetry"]) == (True, [], "app")


@pytest.mark.parametrize("path", ["/api/diagnose", "/api/findings/zone-not-linked"])
async def test_the_other_routes_ask_for_a_key(app: ProbeApp, path: str) -> None:
    """Without one, and with a wrong one, the host answers 401."""
    for key in (None, "wrong"):
        async with client_of(app.process, key) as http:
            assert (await http.get(path)).status_code == httpx.codes.UNAUTHORIZED


async def test_an_app_with_wrong_settings_runs_and_says_what_is_wrong(ingestion: Ingestion) -> None:
    """The product's own app: health 200 with the keys and no values, diagnose 500, and the timer tells it as well."""
    settings = {
        **telemetry_to(ingestion),
        "PROBE_PATH": '{"name": "o", "targets": [{"name": "x", "role": "backend", "url": "https://h/?code=S3CRET"}]}',
        "PROBE_SPREAD_S": "soon",
        "PROBE_SCHEDULE": "0 0 0 29 2 *",
    }
    async with await start(ROOT, settings) as process, client_of(process, process.keys.function) as http:
        health = await http.get("/api/health")
        diagnosis = await http.get("/api/diagnose")
        await run_timer(process)
        events = await until(
            lambda: [one for one in sent(ingestion, "EventData") if one["name"] == "probe.misconfigured"]
        )
        logs = await until(
            lambda: [one for one in sent(ingestion, "MessageData") if "Nothing is probed" in one["message"]]
        )
    wrong = ["PROBE_PATH: targets[0].url", "PROBE_SPREAD_S"]
    assert health.status_code == httpx.codes.OK
    assert (health.json()["configured"], health.json()["wrong_settings"]) == (False, wrong)
    assert diagnosis.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert diagnosis.json()["reason"] == "misconfigured"
    assert [error["key"] for error in diagnosis.json()["errors"]] == wrong
    assert diagnosis.json()["errors"][1]["allowed"] == "0 to 20 seconds"
    assert events[0]["properties"]["probe.settings"] == ", ".join(wrong)
    assert [(one["severityLevel"], one["message"].partition(".")[0]) for one in logs] == [(3, "Nothing is probed")]
    assert "S3CRET" not in health.text + diagnosis.text + process.log + json.dumps(ingestion.envelopes)


async def test_an_app_without_settings_runs(app: ProbeApp) -> None:
    """Not even a schedule: that function is lost, the others answer."""
    async with await start(ROOT, {}) as process, client_of(process) as http:
        said = (await http.get("/api/health")).json()
    assert (said["configured"], said["wrong_settings"], said["telemetry"]) == (False, ["PROBE_PATH"], "off")
    assert list(process.failed) == ["probe_sweep"]
    assert app.process.failed == {}
