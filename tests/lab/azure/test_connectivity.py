"""connectivityCheck: what API Management itself reaches."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from lab.azure.knowledge import ENDPOINT_PREFIX
from lab.scenarios.article import APP, ENDPOINT_ADDRESS, GATEWAY, GATEWAY_ADDRESS
from lab.scenarios.azure.world import with_reads
from lab.scenarios.changes import change_listener
from lab.scenarios.gateway import WITHOUT_RECORD, gateway_asks
from lab.world import ListenerFault, World
from tests.lab.azure.stage import QUICK, Azure, azure, code, without_orders

CUT_OFF = change_listener(QUICK, GATEWAY_ADDRESS, serves=replace(GATEWAY, dropped=(ENDPOINT_PREFIX,)))


def body(address: str = APP, port: int = 443) -> dict[str, Any]:
    """Of a check over TCP."""
    return {"source": {"region": "westeurope"}, "destination": {"address": address, "port": port}}


async def checked(found: Azure, asked: dict[str, Any]) -> dict[str, Any]:
    """The result of a check, once there is one."""
    begun = await found.ask(f"{found.id('api_management')}/connectivityCheck", method="POST", body=asked)
    assert (begun.status_code, begun.content) == (202, b"")
    assert begun.headers["location"].startswith(found.replica.control_plane.url)
    bearer = {"Authorization": f"Bearer {found.tokens['probe']}"}
    async with asyncio.timeout(10):
        while (answer := await found.client.get(begun.headers["location"], headers=bearer)).status_code == 202:
            assert answer.headers["retry-after"] == "1"
            await asyncio.sleep(0.05)
    result: dict[str, Any] = answer.json()
    return result


@pytest.mark.parametrize(
    ("world", "status", "address", "issues"),
    [
        (QUICK, "Connected", ENDPOINT_ADDRESS, []),
        (CUT_OFF, "Disconnected", ENDPOINT_ADDRESS, ["NetworkSecurityRule"]),
        (without_orders(with_reads(gateway_asks(WITHOUT_RECORD))), "Disconnected", GATEWAY_ADDRESS, ["DnsResolution"]),
        (
            change_listener(QUICK, ENDPOINT_ADDRESS, fault=ListenerFault.CLOSED),
            "Disconnected",
            ENDPOINT_ADDRESS,
            ["Unknown"],
        ),
    ],
    ids=["reached", "dropped", "unresolved", "refused"],
)
async def test_the_gateway_really_tries(world: World, status: str, address: str, issues: list[str]) -> None:
    """By its own DNS server and through its own network; the last hop says what is wrong."""
    async with azure(world) as found:
        result = await checked(found, body())
    assert (result["hops"][0]["type"], result["hops"][0]["address"]) == ("Source", GATEWAY_ADDRESS)
    last = result["hops"][-1]
    assert result["connectionStatus"] == status
    assert (last["address"], [issue["type"] for issue in last["issues"]]) == (address, issues)
    assert (result["probesFailed"] == 0) == (status == "Connected")


async def test_a_url_is_a_destination_as_well() -> None:
    """As a check over HTTPS has it."""
    async with azure() as found:
        assert (await checked(found, body(f"https://{APP}")))["connectionStatus"] == "Connected"


@pytest.mark.parametrize("asked", [None, {}, body(""), body(port=0), {"destination": {"address": APP, "port": 443}}])
async def test_a_check_of_nothing_is_refused(asked: Any) -> None:
    """At once."""
    async with azure() as found:
        answer = await found.ask(f"{found.id('api_management')}/connectivityCheck", method="POST", body=asked)
    assert code(answer) == (400, "InvalidRequestContent")


async def test_a_result_that_nobody_asked_for_is_not_found() -> None:
    """Nor is a check of a service that is not there."""
    async with azure() as found:
        service = found.id("api_management")
        assert code(await found.ask(f"{service}/connectivityCheck/operationresults/one"))[0] == 404
        other = await found.ask(f"{service}2/connectivityCheck", method="POST", who="operator", body=body())
        assert code(other) == (404, "ResourceNotFound")
