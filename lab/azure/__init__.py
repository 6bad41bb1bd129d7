"""Azure Resource Manager in the lab: what Azure would say of a world, and a world that follows what is written there.

knowledge     what only Azure knows of a world: rules, routes, rights, how fast and how well it answers
versions      the API versions that exist, by resource type
address       the path of a request: which resource, which type, which action
estate        every resource of a world, by id
documents     how Azure writes them: sites, zones, network, service (API Management), dependencies
rights        who may do what
writes        what a write comes to
changes       how GET shows it, and when the world follows
connectivity  connectivityCheck: a test that the gateway makes itself
api           the server
"""
