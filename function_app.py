"""The probe app: its triggers, and nothing else; what they call is in `probes.app`.

GET, HEAD  /api/health         anonymous     whether it runs and is configured
GET, POST  /api/diagnose       function key  one sweep now: ?path=&target=
GET        /api/findings/{id}  function key  what a finding means
timer      %PROBE_SCHEDULE%                  every path, told to Application Insights

The host picks a route by the alphabetical order of the function names, so no two of them overlap. All are `async def`:
a plain function would block the worker or lose the host's trace context.
"""

import os
from collections.abc import Callable

import azure.functions as func

from probes.app import reference
from probes.app.call import answer
from probes.app.diagnose import Diagnosis
from probes.app.health import Health
from probes.app.schedule import Schedule
from probes.app.settings import read
from probes.observe import machine
from probes.observe.surroundings import Surroundings
from probes.tell import exporter

telemetry = exporter.configure()
settings = read(os.environ)


def create(surroundings: Callable[[], Surroundings]) -> func.FunctionApp:
    """The app on the machine that `surroundings` describes, asked anew for every sweep; the lab has one of its own."""
    health_of = Health(settings, telemetry)
    diagnosis = Diagnosis(settings, surroundings)
    schedule = Schedule(settings, surroundings)
    functions = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

    @functions.route(route="health", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
    async def health(req: func.HttpRequest) -> func.HttpResponse:
        """Open to anybody; HEAD as well, which uptime monitors use and the host would answer with 404."""
        return await answer(req, health_of.answer)

    @functions.route(route="diagnose", methods=["GET", "POST"])
    async def diagnose(req: func.HttpRequest) -> func.HttpResponse:
        """One sweep now: `?path=&target=`, both names of the configuration."""
        return await answer(req, diagnosis.answer)

    @functions.route(route="findings/{id}", methods=["GET"])
    async def finding(req: func.HttpRequest) -> func.HttpResponse:
        """What a finding means and how it is mended."""
        return await answer(req, reference.answer)

    @functions.timer_trigger(schedule="%PROBE_SCHEDULE%", arg_name="timer", run_on_startup=False, use_monitor=True)
    async def probe_sweep(timer: func.TimerRequest) -> None:
        """Every path, on schedule."""
        await schedule.run(timer)

    return functions


app = create(machine.surroundings)
