"""From answer to answer: pages of lists, ids of other resources, and none that leads anywhere else."""

import asyncio
from typing import Any

import pytest

from lab.http import Request, Response, serve
from probes.azure.reader import MOST_PAGES
from probes.failure import Failure
from probes.resources import ZoneLinksContent
from tests.azure.arm import Arm, arm, failures, good, path, read
from tests.azure.documents import (
    API,
    ENDPOINT,
    INTERFACE,
    NETWORK,
    SERVICE,
    SITE,
    STORAGE,
    ZONE,
    connection,
    document,
    links,
    zone_groups,
)

SITE_READ = "backend/1/read/site"
CONNECTIONS = f"{SITE}/privateEndpointConnections"
LINKS = f"{ZONE}/virtualNetworkLinks"
LINKS_READ = "backend/1/read/zone-links/privatelink.azurewebsites.net"


async def test_a_list_on_several_pages() -> None:
    """All of them are read."""
    async with arm() as it:
        second = f"{LINKS}?api-version=2024-06-01&$skipToken=2"
        first = links() | {"nextLink": f"{it.url}{second}"}
        rest = links()
        rest["value"][0]["name"] = "link-hub"
        it.instead[LINKS] = [good(first), good(rest)]
        found = (await read(it.url, path("backend")))[LINKS_READ].content
        assert f"GET {second}" in it.asked
    assert isinstance(found, ZoneLinksContent)
    assert [link.name for link in found.links] == ["link-orders", "link-hub"]


@pytest.mark.parametrize(
    "leads",
    [
        "{other}/more",
        "http://user@{here}/more",
        "https://{here}/more",
        "//{here}/more",
        "http://{here}//more",
        "/more",
        "no url",
        "http://[/",
    ],
)
async def test_a_next_page_somewhere_else_is_not_read(leads: str) -> None:
    """A token must not leave Azure Resource Manager; a list without its rest is not told as whole."""
    async with arm() as other, arm() as it:
        following = leads.format(other=other.url, here=it.url.removeprefix("http://"))
        it.instead[LINKS] = good(links() | {"nextLink": following})
        found = (await read(it.url, path("backend")))[LINKS_READ]
        assert other.requests == []
        assert not [request for request in it.requests if "more" in request.target]
    assert (found.failure, found.status) == (Failure.MALFORMED_RESPONSE, 200)
    assert (found.detail or "").startswith("the answer leads to another place")


async def test_a_list_without_end() -> None:
    """It is given up, and not told as whole."""
    async with arm() as it:
        it.instead[LINKS] = good(links() | {"nextLink": f"{it.url}{LINKS}?api-version=2024-06-01"})
        found = (await read(it.url, path("backend")))[LINKS_READ]
        pages = [request for request in it.requests if request.path == LINKS]
    assert (found.failure, found.detail) == (Failure.UNKNOWN, f"a list of more than {MOST_PAGES} pages")
    assert len(pages) == MOST_PAGES


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"value": "x"}, {"value": [7]}, None, []])
async def test_a_list_that_is_none_is_not_an_empty_one(body: Any) -> None:
    """A zone without links is a cause; an answer without a list is not."""
    async with arm(instead={LINKS: good(body)}) as it:
        found = (await read(it.url, path("backend")))[LINKS_READ]
    assert found.content is None or (body == {"value": None} and found.content == ZoneLinksContent(links=()))


async def test_a_redirect_is_not_followed() -> None:
    """Nobody goes where it leads."""
    async with arm() as other, arm() as it:
        it.instead[SITE] = Response(307, headers=(("Location", f"{other.url}/more"),))
        found = (await read(it.url, path("backend")))[SITE_READ]
        assert (found.failure, found.status, other.requests) == (Failure.UNKNOWN, 307, [])


@pytest.mark.parametrize(
    "hostile",
    [
        f"{ENDPOINT}?x=",
        f"{ENDPOINT}/../../storageAccounts/x",
        f"{ENDPOINT}#",
        ENDPOINT.replace("pe-orders", ".."),
        ENDPOINT.replace("rg-orders", ".."),
        "https://evil.example.com/steal",
        "//evil.example.com/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/x",
        ENDPOINT.replace("privateEndpoints", "virtualMachines"),
        f"{ENDPOINT}\r\nX-Header: 1",
        ENDPOINT.replace("pe-orders", "%2e%2e"),
        "x" * 100_000,
    ],
)
async def test_an_id_that_is_none_of_an_endpoint_is_not_followed(hostile: str) -> None:
    """An answer's ids become part of URLs, so they are as strict as those of a path file; the rest of it counts."""
    only = {"site": SITE}
    async with arm(instead={CONNECTIONS: good({"value": [connection(hostile, "sites")]})}) as it:
        found = await read(it.url, path("backend", resources=only))
        assert len(it.requests) == 4
    assert failures(found) == {}


async def test_hostile_ids_further_on_are_not_followed() -> None:
    """Of zones, interfaces, subnets, rules and APIs."""
    documents = document()
    evil = f"{ZONE}/../x"
    documents[f"{ENDPOINT}/privateDnsZoneGroups"] = zone_groups(evil)
    documents[ENDPOINT]["properties"]["networkInterfaces"] = [{"id": f"{INTERFACE}/../x"}]
    documents[ENDPOINT]["properties"]["subnet"] = {"id": f"{NETWORK}/subnets/.."}
    documents[SERVICE]["properties"]["virtualNetworkConfiguration"]["subnetResourceId"] = NETWORK
    documents[f"{SERVICE}/apis"]["value"] = [{"id": f"{API}/../x", "properties": {"path": "orders"}}]
    resources = {"site": SITE, "api_management": SERVICE}
    async with arm(documents=documents) as it:
        found = await read(it.url, path("gateway", "backend", resources=resources))
        assert not [target for target in it.asked if ".." in target or "/x" in target]
    assert failures(found) == {"gateway/1/read/api": Failure.NOT_FOUND}


async def test_unlike_spellings_of_one_id_are_one_resource() -> None:
    """Azure writes ids in whatever case they were once given."""
    documents = document()
    documents[CONNECTIONS] = {
        "value": [connection(ENDPOINT.replace("resourceGroups", "resourcegroups").upper(), "sites")]
    }
    async with arm(documents=documents) as it:
        await read(it.url, path("backend"))
        asked = [request.path.lower() for request in it.requests]
    assert len(asked) == len(set(asked))


async def names_with(slow: str) -> list[str]:
    """The names of the reads, in their order, where one answer is late."""
    it = Arm()

    async def answer(request: Request) -> Response:
        await asyncio.sleep(0.15 if request.path == slow else 0)
        return await it(request)

    async with await serve(answer) as server:
        return list(await read(server.url))


async def test_who_is_answered_first_changes_nothing() -> None:
    """The same reads, by the same names, in the same order, whichever answer is late."""
    orders = [await names_with(slow) for slow in (SITE, SERVICE, CONNECTIONS, NETWORK)]
    assert len(orders[0]) > 30
    assert all(order == orders[0] for order in orders)


async def test_only_what_the_targets_need() -> None:
    """Of a backend alone neither API Management nor storage is read."""
    async with arm() as it:
        found = await read(it.url, path("scm"))
        asked = [request.path for request in it.requests]
    assert not [one for one in asked if one.startswith((SERVICE, STORAGE))]
    assert {record.target for record in found.values()} == {"scm"}


async def test_a_target_may_name_its_own_resource() -> None:
    """In place of the path's; a type not known is asked as what the target's role says."""
    slot = f"{SITE}/slots/blue"
    targets = [
        {
            "name": "blue",
            "role": "backend",
            "url": "https://func-orders-prod-blue.azurewebsites.net/",
            "resource": slot,
        },
        {"name": "other", "role": "storage", "url": "https://other.example.com/", "resource": f"{ZONE}/A/x"},
    ]
    async with arm() as it:
        found = await read(it.url, path(targets=targets, resources={}))
    assert found["blue/1/read/site"].resource_id == slot
    assert found["other/1/read/network-access/x"].failure is Failure.NOT_FOUND
