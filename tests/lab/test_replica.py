"""A world as running servers."""

import asyncio
import errno
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from lab.replica import Replica, opened
from lab.scenarios.article import (
    API,
    APP,
    ENDPOINT_ADDRESS,
    GATEWAY,
    GATEWAY_ADDRESS,
    ON_PREMISES_ADDRESS,
    PLATFORM_ADDRESS,
    PUBLIC_ADDRESS,
    SITE,
    WORLD,
)
from lab.scenarios.changes import add_listener, change_listener, change_name_server, change_target
from lab.world import Application, Gateway, Identity, Listener, ListenerFault, World
from probes.observe.surroundings import in_thread
from probes.path import PathError
from tests.lab.clients import fetch


def without_orders(world: World) -> World:
    """The world with a stand-in for the orders app, which starts at once."""
    for address in (ENDPOINT_ADDRESS, PUBLIC_ADDRESS):
        world = change_listener(world, address, serves=replace(SITE, application=Application.OPEN))
    return world


QUICK = without_orders(WORLD)


async def asked(replica: Replica, address: str, url: str) -> httpx.Response:
    """The answer of what stands at an address, port 443."""
    _, port = replica.surroundings.endpoint(address, 443)
    return await fetch(port, url)


async def test_names_lead_to_addresses_and_addresses_to_servers() -> None:
    """The article's names have the article's addresses, and what stands there answers."""
    async with opened(QUICK) as replica:
        assert await replica.surroundings.getaddrinfo(APP) == (ENDPOINT_ADDRESS,)
        assert await replica.surroundings.getaddrinfo(API) == (GATEWAY_ADDRESS,)
        assert (await asked(replica, ENDPOINT_ADDRESS, f"https://{APP}/api/health")).status_code == 200
        assert (await asked(replica, PUBLIC_ADDRESS, f"https://{APP}/api/health")).reason_phrase == "Ip Forbidden"


async def test_the_gateway_reaches_the_backend_through_the_lab() -> None:
    """By name, with TLS verified, and its log is kept."""
    async with opened(QUICK) as replica:
        answer = await asked(replica, GATEWAY_ADDRESS, f"https://{API}/orders/health")
        (row,) = replica.gateway_logs
    assert (answer.status_code, row["BackendResponseCode"]) == (200, 200)
    assert answer.headers["x-correlation-id"] == row["CorrelationId"]


async def test_the_surroundings_are_those_of_the_world() -> None:
    """Name server, hosts file and the network without a way out."""
    async with opened(replace(QUICK, hosts={"Other.example.com": "10.80.99.4"})) as replica:
        surroundings = replica.surroundings
        assert surroundings.name_servers == ((PLATFORM_ADDRESS, 53),)
        assert surroundings.hosts == {"other.example.com": ("10.80.99.4",)}
        assert await surroundings.getaddrinfo("other.example.com") == ("10.80.99.4",)
        assert surroundings.endpoint(ON_PREMISES_ADDRESS, 53)[0] == "127.0.0.1"
        with pytest.raises(OSError, match="unreachable") as caught:
            surroundings.endpoint("192.0.2.1", 443)
    assert caught.value.errno == errno.ENETUNREACH


async def test_the_path_has_the_files_of_the_lab() -> None:
    """The placeholders name the root and the intermediate, which go when the lab goes."""
    async with opened(QUICK) as replica:
        files = [file for target in replica.path.targets for file in (target.ca_file, target.intermediates_file)]
        assert {Path(file or "").name for file in files} == {"ca.pem", "intermediates.pem"}
        assert all(Path(file or "").parent == replica.folder for file in files)
    assert not replica.folder.exists()


async def test_a_token_comes_from_the_worlds_identity() -> None:
    """The probe's identity is that of the world."""
    async with opened(replace(QUICK, identity=Identity(lifetime_s=600))) as replica:
        credential = replica.surroundings.credential(None)
        access = await in_thread(lambda: credential.get_token("api://orders/.default"))
        _, port = replica.surroundings.endpoint(ENDPOINT_ADDRESS, 443)
        answer = await fetch(port, f"https://{APP}/api/orders", headers={"Authorization": f"Bearer {access.token}"})
    assert answer.status_code == 200


async def test_a_lab_that_becomes_another_world_keeps_what_is_the_same() -> None:
    """What did not change stays at its port; what did is replaced; what is gone has no route."""
    async with opened(QUICK) as replica:
        before = {address: replica.surroundings.endpoint(address, 443) for address in (GATEWAY_ADDRESS, PUBLIC_ADDRESS)}
        await replica.become(change_listener(QUICK, ENDPOINT_ADDRESS, fault=ListenerFault.CLOSED))
        for address, endpoint in before.items():
            assert replica.surroundings.endpoint(address, 443) == endpoint
        with pytest.raises(httpx.ConnectError):
            await asked(replica, ENDPOINT_ADDRESS, f"https://{APP}/api/health")
        await replica.become(replace(QUICK, listeners=QUICK.listeners[:1]))
        with pytest.raises(OSError, match="unreachable"):
            replica.surroundings.endpoint(ENDPOINT_ADDRESS, 443)
        await replica.become(QUICK)
        assert (await asked(replica, GATEWAY_ADDRESS, f"https://{API}/orders/health")).status_code == 200


async def test_the_gateway_follows_a_name_server_that_changed() -> None:
    """A gateway that goes on running asks the name server of the new world."""
    async with opened(QUICK) as replica:
        await replica.become(change_name_server(QUICK, zones=(), public=()))
        answer = await asked(replica, GATEWAY_ADDRESS, f"https://{API}/orders/health")
        (row,) = replica.gateway_logs
    assert (answer.status_code, row["LastErrorReason"]) == (502, "BackendConnectionFailure")


async def test_a_silent_identity_does_not_outlive_its_world() -> None:
    """Who waits for a token of the old world is let go, and the new world gives one."""
    async with opened(replace(QUICK, identity=Identity(silent=True))) as replica:
        old = replica.surroundings.credential(None)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await in_thread(lambda: old.get_token("api://orders/.default"))
        await replica.become(QUICK)
        new = replica.surroundings.credential(None)
        assert (await in_thread(lambda: new.get_token("api://orders/.default"))).token


@pytest.mark.parametrize(
    ("world", "message"),
    [
        (add_listener(QUICK, Listener(address=ENDPOINT_ADDRESS)), "two servers stand at 10.80.20.4 port 443"),
        (replace(QUICK, name_servers={}), "name server platform does not exist"),
        (
            change_listener(QUICK, GATEWAY_ADDRESS, serves=replace(GATEWAY, name_server="nobody")),
            "name server nobody does not exist; there are on-premises, platform",
        ),
        (change_name_server(QUICK, public=("no record",)), "'no record' is no record"),
    ],
)
async def test_a_world_that_cannot_be_leaves_the_lab_as_it_was(world: World, message: str) -> None:
    """The error says what is wrong, and everything goes on running."""
    async with opened(QUICK) as replica:
        with pytest.raises(ValueError, match=message):
            await replica.become(world)
        assert replica.world is QUICK
        assert (await asked(replica, GATEWAY_ADDRESS, f"https://{API}/orders/health")).status_code == 200


async def test_a_path_that_cannot_be_read_is_an_error_of_the_path() -> None:
    """The error names the key."""
    with pytest.raises(PathError, match=r"targets\[1\]\.url"):
        async with opened(change_target(QUICK, "backend", url="nothing")):
            pass


async def test_the_orders_app_goes_on_running_from_world_to_world() -> None:
    """The app itself answers behind the front end and the gateway, and asks who is calling."""
    async with opened(WORLD) as replica:
        credential = replica.surroundings.credential(None)
        access = await in_thread(lambda: credential.get_token("api://orders/.default"))
        bearer = {"Authorization": f"Bearer {access.token}"}
        for world in (WORLD, change_name_server(WORLD, falls_back=True)):
            await replica.become(world)
            _, port = replica.surroundings.endpoint(ENDPOINT_ADDRESS, 443)
            orders = f"https://{APP}/api/orders"
            assert (await fetch(port, orders)).status_code == 401
            answer = await fetch(port, orders, headers={**bearer, "x-correlation-id": "abcdefgh"})
            assert (answer.status_code, answer.headers["x-correlation-id"]) == (200, "abcdefgh")
            assert '"orders"' in answer.text
            through = await asked(replica, GATEWAY_ADDRESS, f"https://{API}/orders/orders")
            assert (through.status_code, through.json()) == (200, answer.json())


async def test_a_call_can_be_followed_from_the_gateway_into_the_apps_telemetry() -> None:
    """The request id of the gateway's log is the correlation id that the app sends to the lab's ingestion."""
    async with opened(WORLD, telemetry=True) as replica:
        answer = await asked(replica, GATEWAY_ADDRESS, f"https://{API}/orders/orders")
        (row,) = replica.gateway_logs
    assert answer.status_code == 200
    requests = [each for each in replica.ingestion.envelopes if each["data"]["baseType"] == "RequestData"]
    assert row["CorrelationId"] in {each["data"]["baseData"]["properties"].get("correlation.id") for each in requests}


async def test_without_telemetry_the_app_sends_nothing() -> None:
    """A lab starts sooner where nobody asks for its telemetry."""
    async with opened(WORLD) as replica:
        await asked(replica, GATEWAY_ADDRESS, f"https://{API}/orders/health")
    assert replica.ingestion.envelopes == []


def test_the_gateway_of_the_article_asks_for_a_token() -> None:
    """The policy of the article does not leave authentication to the Private Endpoint."""
    gateways = [listener.serves for listener in WORLD.listeners if isinstance(listener.serves, Gateway)]
    assert [gateway.named_values["backend-audience"] for gateway in gateways] == ["api://orders"]


async def test_a_network_may_drop_what_the_probe_sends() -> None:
    """Packets for it are never answered, while API Management, in another subnet, gets through."""
    async with opened(replace(QUICK, dropped=("10.80.20.0/27",))) as replica:
        _, port = replica.surroundings.endpoint(ENDPOINT_ADDRESS, 443)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await asyncio.open_connection("127.0.0.1", port)
        assert (await asked(replica, GATEWAY_ADDRESS, f"https://{API}/orders/health")).status_code == 200


async def test_a_network_outside_has_no_way_in() -> None:
    """It resolves as the internet does, and reaches public addresses alone."""
    async with opened(QUICK) as replica:
        outside = replica.outside_surroundings
        assert await outside.getaddrinfo(APP) == (PUBLIC_ADDRESS,)
        assert outside.endpoint(PUBLIC_ADDRESS, 443) == replica.surroundings.endpoint(PUBLIC_ADDRESS, 443)
        with pytest.raises(OSError, match="unreachable") as raised:
            outside.endpoint(ENDPOINT_ADDRESS, 443)
        assert raised.value.errno == errno.ENETUNREACH


async def test_an_operator_is_let_in_where_the_probe_is() -> None:
    """Who proves a path calls the backend with a token of their own."""
    async with opened(WORLD) as replica:
        operator = replica.operator_surroundings.credential(None)
        access = await in_thread(lambda: operator.get_token("api://orders/.default"))
        _, port = replica.surroundings.endpoint(ENDPOINT_ADDRESS, 443)
        bearer = {"Authorization": f"Bearer {access.token}"}
        assert (await fetch(port, f"https://{APP}/api/orders", headers=bearer)).status_code == 200


async def test_a_world_that_differs_in_public_access_alone_moves_no_port() -> None:
    """Its front end takes it up while it runs."""
    async with opened(QUICK) as replica:
        before = replica.surroundings.endpoint(PUBLIC_ADDRESS, 443)
        listener = next(each for each in QUICK.listeners if each.public)
        serves = replace(SITE, application=Application.OPEN, public_access=True)
        await replica.become(change_listener(QUICK, listener.address, serves=serves))
        assert replica.surroundings.endpoint(PUBLIC_ADDRESS, 443) == before
        assert (await asked(replica, PUBLIC_ADDRESS, f"https://{APP}/api/health")).status_code == 200
