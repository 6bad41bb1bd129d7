"""Every resource of a world as Azure Resource Manager knows it, by id in lower case."""

from collections.abc import Mapping

from lab.azure import dependencies, network, service, sites, zones
from lab.azure.resource import Resource
from lab.azure.served import services
from lab.azure.view import View


def estate(view: View, *, workspace_id: str) -> Mapping[str, Resource]:
    """All of it; `workspace_id` is what queries of the workspace name."""
    served = tuple(services(view.world))
    found = [
        *(document for each in served for document in sites.documents(each, view)),
        *(document for each in served for document in dependencies.documents(each, view)),
        *zones.documents(view, served),
        *network.documents(view, served),
        *service.documents(view),
        dependencies.workspace(view, workspace_id),
    ]
    return {each.id.lower(): each for each in found}
