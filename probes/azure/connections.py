"""Private Endpoint connections, which sites, storage accounts and key vaults tell of alike."""

from probes.azure.table import Table, addresses
from probes.resources import EndpointConnection


def connection(item: Table) -> EndpointConnection:
    """One connection, as the resource behind the endpoint has it."""
    properties = item.below("properties")
    state = properties.below("privateLinkServiceConnectionState")
    return EndpointConnection(
        endpoint_id=properties.below("privateEndpoint").id(),
        id=item.id(),
        status=state.text("status"),
        description=state.words("description"),
        addresses=addresses(*properties.texts("ipAddresses")),
        group_ids=properties.texts("groupIds"),
    )
