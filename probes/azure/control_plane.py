"""What Azure itself says of a path: all that its rules ask for, found by following ids from resource to resource.

    site ── config, auth settings
      └ endpoint connections ── private endpoint ─┬ zone groups ── zone: links, A records of the target's names
                                                  ├ network interface, where the endpoint names no address
                                                  └ its subnet: network, security group, route table
    storage, key vault ── as a site from its connections on
    API Management ── network status, backends, diagnostics; its subnet as above
      └ API and operation of the target's URL ── policies, fragments, named values, diagnostics
    probe site ── its subnet

The same way is gone twice. First everything is asked, as much as possible at the same time; then, when all answers are
there, it is written down, one target after the other: so which target a resource is read for, and by which id evidence
names it, never depends on who was answered first.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from probes.azure import access, network, service, site
from probes.azure.follow import OF_SITES, of_access, of_endpoint, of_site, of_subnet, of_zone
from probes.azure.gateway import of_service, tested
from probes.azure.reader import LARGEST_ANSWER_BYTES, Reader
from probes.azure.resource_id import name_of, of_kind
from probes.azure.rest import Rest
from probes.azure.survey import Survey, together
from probes.observe.notebook import Limit, Notebook
from probes.observe.surroundings import TokenSource
from probes.path import Path, Role, Target
from probes.records import Step
from probes.resources import SiteContent

SLOT_TYPE = "Microsoft.Web/sites/slots"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlaneReads:
    """The reads of one sweep.

    Attributes:
        targets: those of the sweep, in the order of the path.
        reads: resources are read; without, only what a test needs.
        test: the time for API Management's own test of the backends, `None` = it is not asked for.
    """

    path: Path
    targets: Sequence[Target]
    notebook: Notebook
    credential: Callable[[], TokenSource]
    reads: bool = True
    test: Callable[[], Limit] | None = None

    async def observe(self) -> None:
        """Make the reads, and write them down; a failure of the network is never raised."""
        surroundings = self.notebook.surroundings
        async with Rest(
            endpoint=surroundings.management,
            audience=surroundings.management_audience,
            credential=self.credential,
            deadline_s=self.notebook.step_timeout_s[Step.READ],
            largest_bytes=LARGEST_ANSWER_BYTES,
        ) as rest:
            reader = Reader(rest=rest, notebook=self.notebook)
            try:
                await reader.sign_in()
                survey = Survey(reader=reader, writing=False)
                await together(*(self._of_target(survey, target) for target in self.targets), self._of_path(survey))
                survey = Survey(reader=reader, writing=True)
                for target in self.targets:
                    await self._of_target(survey, target)
                await self._of_path(survey)
            finally:
                await reader.aclose()

    async def _of_target(self, survey: Survey, target: Target) -> None:
        resource_id = self.path.resource_of(target)
        if self.reads and resource_id is not None:
            await follower(resource_id, target.role)(survey, target, resource_id)
        service_id = self.path.service_id
        if self.test is not None and service_id is not None and target.role is Role.BACKEND:
            await tested(survey, target, service_id, self.test)

    async def _of_path(self, survey: Survey) -> None:
        """What the path names beside its targets' own resources, and what only the path names."""
        resources = self.path.resources
        first = next(iter(self.targets), None)
        backend = next((target for target in self.targets if target.role in OF_SITES), None)
        if not self.reads or first is None:
            return
        walks = []
        if backend is not None and (endpoint_id := resources.get("private_endpoint")):
            walks.append(of_endpoint(survey, backend, endpoint_id, (backend.host,)))
        if backend is not None and (zone_id := resources.get("private_dns_zone")):
            walks.append(of_zone(survey, backend, zone_id, (backend.host,), named=True))
        if network_id := resources.get("virtual_network"):
            walks.append(survey.ask(first, network.network(network_id)))
        if probe_id := resources.get("probe_site"):
            walks.append(self._of_probe(survey, first, probe_id))
        if workspace_id := resources.get("workspace"):
            walks.append(survey.ask(first, access.workspace(workspace_id)))
        await together(*walks)

    async def _of_probe(self, survey: Survey, target: Target, site_id: str) -> None:
        """The probe app, for the sake of its subnet."""
        found = await survey.ask(target, site.site(site_id, name_of(site_id)))
        if isinstance(found, SiteContent):
            await of_subnet(survey, target, found.subnet_id)


def follower(resource_id: str, role: Role) -> Callable[[Survey, Target, str], Coroutine[Any, Any, None]]:
    """What is known of a resource by its type; of a type not known, by the role of the target that names it."""
    for kind, follow in (
        (site.TYPE, of_site),
        (SLOT_TYPE, of_site),
        (service.TYPE, of_service),
        (access.STORAGE_TYPE, of_access),
        (access.VAULT_TYPE, of_access),
    ):
        if of_kind(resource_id, kind):
            return follow
    return of_service if role is Role.GATEWAY else of_site if role in OF_SITES else of_access
