"""Whether the app runs and knows what to probe, for anybody who asks."""

import json
from dataclasses import dataclass

import azure.functions as func

from probes import __version__
from probes.app.settings import Settings, Unusable
from probes.tell.exporter import Telemetry


@dataclass(frozen=True, slots=True)
class Health:
    """The route. It touches neither network nor storage, and says nothing that a setting holds."""

    settings: Settings | Unusable
    telemetry: Telemetry

    async def answer(self, _request: func.HttpRequest, _correlation_id: str) -> func.HttpResponse:
        """200 even with wrong settings: the host's restarts would not mend them, and the keys named here help to."""
        faults = self.settings.faults if isinstance(self.settings, Unusable) else ()
        document = {
            "service": "private-path-probe",
            "version": __version__,
            "status": "ok",
            "configured": not faults,
            "wrong_settings": [fault.key for fault in faults],
            "telemetry": self.telemetry.value,
        }
        return func.HttpResponse(
            json.dumps(document), headers={"Cache-Control": "no-store"}, mimetype="application/json"
        )
