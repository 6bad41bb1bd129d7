"""What Azure says of the path, in three answers: known yes, known no, not read. It knows resources, and no cause."""

from probes.judge.azure.facade import Azure, Endpoint, Endpoints
from probes.judge.azure.readings import Found, Readings
from probes.judge.azure.way import Flow, Outcome, Way
from probes.judge.azure.zones import PrivateZone

__all__ = ["Azure", "Endpoint", "Endpoints", "Flow", "Found", "Outcome", "PrivateZone", "Readings", "Way"]
