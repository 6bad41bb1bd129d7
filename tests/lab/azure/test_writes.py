"""Closing and opening through Azure Resource Manager, and what the lab's front ends make of it."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from lab.azure.knowledge import Faults, Meddling
from lab.azure.writes import Wanted
from lab.replica import Replica
from lab.scenarios.article import APP, ENDPOINT_ADDRESS, PUBLIC_ADDRESS
from lab.scenarios.azure.world import (
    BLOB_HOST,
    PUBLIC_STORAGE_ADDRESS,
    PUBLIC_VAULT_ADDRESS,
    STORAGE_ADDRESS,
    VAULT_HOST,
    opened,
)
from tests.lab.azure.stage import QUICK, Azure, azure, code, until
from tests.lab.clients import fetch

CLOSE, OPEN = {"publicNetworkAccess": "Disabled"}, {"publicNetworkAccess": "Enabled"}
HEALTH = f"https://{APP}/api/health"
BLOB = f"https://{BLOB_HOST}/?comp=list"
SECRETS = f"https://{VAULT_HOST}/secrets?api-version=7.4"


async def at(replica: Replica, address: str, url: str = HEALTH) -> httpx.Response:
    """The answer of what stands at an address."""
    _, port = replica.surroundings.endpoint(address, 443)
    return await fetch(port, url)


async def shown(found: Azure, kind: str = "site") -> str:
    """PublicNetworkAccess as GET shows it."""
    return str((await found.read(found.id(kind)))["properties"]["publicNetworkAccess"])


async def test_closing_a_site_shuts_the_public_path_and_no_other() -> None:
    """403 `Ip Forbidden` in public, 200 at the endpoint; opened again, both serve."""
    async with azure(opened(QUICK)) as found:
        assert (await at(found.replica, PUBLIC_ADDRESS)).status_code == 200
        answer = await found.write(found.id("site"), CLOSE)
        assert (answer.status_code, answer.json()["properties"]["publicNetworkAccess"]) == (200, "Disabled")
        refused = await at(found.replica, PUBLIC_ADDRESS)
        assert (refused.status_code, refused.reason_phrase) == (403, "Ip Forbidden")
        assert (await at(found.replica, ENDPOINT_ADDRESS)).status_code == 200
        assert await shown(found) == "Disabled"
        await found.write(found.id("site"), OPEN)
        assert (await at(found.replica, PUBLIC_ADDRESS)).status_code == 200


async def test_a_closure_cuts_no_connection_and_moves_no_port() -> None:
    """A client that is connected to the public front end is refused on its connection."""
    async with azure(opened(QUICK)) as found:
        before = found.replica.surroundings.endpoint(PUBLIC_ADDRESS, 443)
        port = before[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await found.write(found.id("site"), CLOSE)
        assert found.replica.surroundings.endpoint(PUBLIC_ADDRESS, 443) == before
        assert not reader.at_eof()
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("below", "body"),
    [
        ("", {"properties": {"siteConfig": {"publicNetworkAccess": "Disabled"}}}),
        ("/config/web", {"properties": {"publicNetworkAccess": "Disabled"}}),
    ],
)
async def test_the_configuration_is_in_step_with_its_site(below: str, body: dict[str, Any]) -> None:
    """Whichever of them is written, both show it."""
    async with azure(opened(QUICK)) as found:
        site = found.id("site")
        assert (await found.ask(f"{site}{below}", method="PATCH", who="operator", body=body)).status_code == 200
        for path in (site, f"{site}/config/web"):
            assert (await found.read(path))["properties"]["publicNetworkAccess"] == "Disabled"


async def test_a_put_may_bring_back_what_get_showed() -> None:
    """As `az resource update` does; one that changes more is refused, for it would be lost."""
    async with azure(opened(QUICK)) as found:
        site = found.id("site")
        whole = await found.read(site)
        whole["properties"] |= CLOSE
        assert (await found.ask(site, method="PUT", who="operator", body=whole)).status_code == 200
        assert await shown(found) == "Disabled"
        refused = await found.write(site, {**OPEN, "httpsOnly": False})
        assert code(refused) == (400, "InvalidRequestContent")
        assert "httpsOnly" in refused.json()["error"]["message"]
        assert await shown(found) == "Disabled"


@pytest.mark.parametrize("body", [None, [], {"properties": []}, {"properties": {"publicNetworkAccess": "No"}}])
async def test_a_body_that_says_nothing_changes_nothing(body: Any) -> None:
    """It is refused."""
    async with azure(opened(QUICK)) as found:
        answer = await found.ask(found.id("site"), method="PATCH", who="operator", body=body)
        assert (code(answer), await shown(found)) == ((400, "InvalidRequestContent"), "Enabled")


async def test_storage_and_vault_are_closed_with_their_own_words() -> None:
    """AuthorizationFailure of storage, ForbiddenByConnection of the vault; the endpoints go on serving."""
    async with azure(opened(QUICK)) as found:
        assert (await at(found.replica, PUBLIC_STORAGE_ADDRESS, BLOB)).status_code == 409
        assert (await at(found.replica, PUBLIC_VAULT_ADDRESS, SECRETS)).status_code == 401
        acls = {"networkAcls": {"defaultAction": "Deny"}}
        for kind in ("storage", "key_vault"):
            assert (await found.write(found.id(kind), {**CLOSE, **acls})).status_code == 200
            assert await shown(found, kind) == "Disabled"
        storage = await at(found.replica, PUBLIC_STORAGE_ADDRESS, BLOB)
        assert (storage.status_code, storage.headers["x-ms-error-code"]) == (403, "AuthorizationFailure")
        vault = await at(found.replica, PUBLIC_VAULT_ADDRESS, SECRETS)
        assert (vault.status_code, vault.json()["error"]["innererror"]["code"]) == (403, "ForbiddenByConnection")
        assert (await at(found.replica, STORAGE_ADDRESS, BLOB)).status_code == 409


async def test_a_firewall_alone_closes_as_well() -> None:
    """With public access on and Deny by default, a vault says ForbiddenByFirewall."""
    async with azure(opened(QUICK)) as found:
        await found.write(found.id("key_vault"), {"networkAcls": {"defaultAction": "Deny"}})
        vault = await at(found.replica, PUBLIC_VAULT_ADDRESS, SECRETS)
        assert (vault.status_code, vault.json()["error"]["innererror"]["code"]) == (403, "ForbiddenByFirewall")
        assert await shown(found, "key_vault") == "Enabled"


async def test_front_ends_follow_later_than_azure_says() -> None:
    """GET shows the new value at once, and the public path is shut after the time of the world."""
    world = opened(QUICK)
    async with azure(replace(world, azure=replace(world.azure, propagation_s=0.5))) as found:
        await found.write(found.id("site"), CLOSE)
        assert await shown(found) == "Disabled"
        assert (await at(found.replica, PUBLIC_ADDRESS)).status_code == 200

        async def refused() -> bool:
            return (await at(found.replica, PUBLIC_ADDRESS)).status_code == 403

        await until(refused)


async def test_a_slow_azure_shows_the_old_value_for_a_while() -> None:
    """The answer to the write has the new one."""
    world = opened(QUICK)
    async with azure(replace(world, azure=replace(world.azure, settles_s=0.5))) as found:
        answer = await found.write(found.id("site"), CLOSE)
        assert answer.json()["properties"]["publicNetworkAccess"] == "Disabled"
        assert await shown(found) == "Enabled"

        async def settled() -> bool:
            return await shown(found) == "Disabled"

        await until(settled)


async def test_a_later_write_stands_in_the_place_of_one_under_way() -> None:
    """Opened again before the front ends have followed, the path stays open."""
    world = opened(QUICK)
    async with azure(replace(world, azure=replace(world.azure, propagation_s=0.2))) as found:
        await found.write(found.id("site"), CLOSE)
        await found.write(found.id("site"), OPEN)
        await asyncio.sleep(0.5)
        assert (await shown(found), (await at(found.replica, PUBLIC_ADDRESS)).status_code) == ("Enabled", 200)


@pytest.mark.parametrize(
    ("faults", "status", "access", "public"),
    [
        (Faults(writes_refused=True), 403, "Enabled", 200),
        (Faults(writes_lost=True), 200, "Enabled", 200),
        (Faults(writes_ineffective=True), 200, "Disabled", 200),
    ],
)
async def test_writes_that_do_not_count(faults: Faults, status: int, access: str, public: int) -> None:
    """Refused by policy, lost in silence, or shown and never followed."""
    async with azure(opened(QUICK)) as found:
        found.replica.control_plane.faults = faults
        assert (await found.write(found.id("site"), CLOSE)).status_code == status
        assert (await shown(found), (await at(found.replica, PUBLIC_ADDRESS)).status_code) == (access, public)


async def test_the_answer_to_a_write_may_never_come() -> None:
    """What was written counts all the same."""
    async with azure(opened(QUICK)) as found:
        found.replica.control_plane.faults = Faults(dropped_writes=1)
        with pytest.raises(httpx.RemoteProtocolError):
            await found.write(found.id("site"), CLOSE)
        assert (await shown(found), (await at(found.replica, PUBLIC_ADDRESS)).status_code) == ("Disabled", 403)
        dropped = [each for each in found.replica.control_plane.requests if each.status is None]
        assert [each.method for each in dropped] == ["PATCH"]


async def test_somebody_else_may_change_the_site_in_between() -> None:
    """After the second GET, or whenever it is told to."""
    async with azure(opened(QUICK)) as found:
        site = found.id("site")
        meddling = Meddling(resource_id=site, public_access=True, after=2, method="GET")
        found.replica.control_plane.faults = Faults(meddling=(meddling,))
        await found.write(site, CLOSE)
        assert [await shown(found) for _ in range(3)] == ["Disabled", "Disabled", "Enabled"]
        await found.replica.control_plane.change(site, Wanted(public_access=False))
        assert (await shown(found), (await at(found.replica, PUBLIC_ADDRESS)).status_code) == ("Disabled", 403)
        with pytest.raises(ValueError, match="allowed: a site, a storage account or a key vault"):
            await found.replica.control_plane.change(found.id("virtual_network"), Wanted(public_access=True))


async def test_another_world_forgets_what_was_written() -> None:
    """Azure shows what that world has, also where a write is still under way."""
    world = replace(opened(QUICK), azure=replace(QUICK.azure, propagation_s=0.2))
    async with azure(world) as found:
        await found.write(found.id("site"), CLOSE)
        await found.replica.become(world)
        await asyncio.sleep(0.4)
        assert (await shown(found), (await at(found.replica, PUBLIC_ADDRESS)).status_code) == ("Enabled", 200)


async def test_tags_are_merged_replaced_and_deleted() -> None:
    """As the tags resource has it, and the resource shows them."""
    async with azure() as found:
        tags = f"{found.id('site')}/providers/Microsoft.Resources/tags/default"

        async def changed(operation: str, **given: str) -> Any:
            body = {"operation": operation, "properties": {"tags": given}}
            answer = await found.ask(tags, method="PATCH", who="operator", body=body)
            return answer.json()["properties"]["tags"]

        assert (await found.read(tags, who="operator"))["properties"]["tags"] == {}
        assert await changed("Merge", a="1", b="2") == {"a": "1", "b": "2"}
        assert await changed("Merge", b="3") == {"a": "1", "b": "3"}
        assert (await found.read(found.id("site")))["tags"] == {"a": "1", "b": "3"}
        assert await changed("Delete", a="", b="other") == {"b": "3"}
        assert await changed("Replace", c="4") == {"c": "4"}
        assert (await found.ask(tags, method="DELETE", who="operator")).status_code == 200
        assert "tags" not in await found.read(found.id("site"))
        wrong = await found.ask(tags, method="PATCH", who="operator", body={"operation": "Add", "properties": {}})
        assert code(wrong) == (400, "InvalidRequestContent")
        body = {"operation": "Merge", "properties": {"tags": {}}}
        assert code(await found.ask(tags, method="PATCH", body=body)) == (403, "AuthorizationFailed")


async def test_whoever_follows_the_lab_is_told_of_a_write() -> None:
    """Once, with the world already changed, and not for a write that changes nothing."""
    async with azure(opened(QUICK)) as found:
        told: list[bool] = []

        async def follower() -> None:
            told.append(found.replica.world == QUICK)

        found.replica.followers.append(follower)
        for kind in ("site", "storage", "key_vault"):
            acls = {} if kind == "site" else {"networkAcls": {"defaultAction": "Deny"}}
            await found.write(found.id(kind), {**CLOSE, **acls})
        await found.write(found.id("site"), CLOSE)
    assert told == [False, False, True]
