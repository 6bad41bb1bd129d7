"""What Azure Resource Manager refuses, and how it says so."""

from dataclasses import replace

import pytest

from lab.azure.knowledge import Faults, Refusal
from tests.lab.azure.stage import QUICK, SCOPE, Azure, code, token
from tests.lab.azure.stage import azure as opened

shared = pytest.mark.asyncio(loop_scope="package")


@shared
async def test_a_version_must_be_given_and_exist(azure: Azure) -> None:
    """One of another provider does not count; the error lists those that exist."""
    site = azure.id("site")
    assert code(await azure.ask(site, api_version="")) == (400, "MissingApiVersionParameter")
    wrong = await azure.ask(site, api_version="2026-03-01")
    assert code(wrong) == (400, "InvalidApiVersionParameter")
    assert "2025-05-01" in wrong.json()["error"]["message"]


@shared
async def test_a_token_must_be_the_tenants_and_for_azure(azure: Azure) -> None:
    """None, no token, and one for another API are told apart."""
    site = f"{azure.id('site')}?api-version=2025-05-01"
    assert code(await azure.client.get(site)) == (401, "AuthenticationFailed")
    for shown, expected in (
        ("x.y.z", "InvalidAuthenticationToken"),
        (await token(azure.replica.surroundings, "api://orders/.default"), "InvalidAuthenticationTokenAudience"),
    ):
        answer = await azure.client.get(site, headers={"Authorization": f"Bearer {shown}"})
        assert code(answer) == (401, expected)
        assert answer.headers["www-authenticate"].startswith("Bearer authorization_uri=")
        assert shown not in answer.text


@shared
async def test_both_spellings_of_the_audience_are_taken(azure: Azure) -> None:
    """With and without the slash at its end, as of the real one."""
    shown = await token(azure.replica.surroundings, SCOPE.replace("/.default", "//.default"))
    site = f"{azure.id('site')}?api-version=2025-05-01"
    assert (await azure.client.get(site, headers={"Authorization": f"Bearer {shown}"})).status_code == 200


@shared
async def test_what_is_not_there_is_not_found(azure: Azure) -> None:
    """A resource, a list below none, and a type that no provider has."""
    site = azure.id("site")
    for path in (f"{site}2", f"{site}2/functions", f"{site}/functions/nothing"):
        assert code(await azure.ask(path, who="operator")) == (404, "ResourceNotFound")
    group = site.partition("/providers/")[0]
    unknown = await azure.ask(f"{group}/providers/Microsoft.Nothing/things/one", api_version="2025-01-01")
    assert code(unknown) == (404, "InvalidResourceType")


@shared
async def test_the_probe_may_read_and_not_write(azure: Azure) -> None:
    """The error names who, the action and the scope."""
    answer = await azure.write(azure.id("site"), {"publicNetworkAccess": "Enabled"}, who="probe")
    assert code(answer) == (403, "AuthorizationFailed")
    message = answer.json()["error"]["message"]
    assert "'Microsoft.Web/sites/write'" in message
    assert f"'{azure.id('site')}'" in message
    settings = await azure.ask(f"{azure.id('site')}/config/appsettings/list", method="POST")
    assert code(settings) == (403, "AuthorizationFailed")


async def test_rights_can_be_missing_for_a_type_and_for_a_resource() -> None:
    """A refusal of zones leaves the rest; one of a resource leaves its siblings; rights come before existence."""
    async with opened() as azure:
        zone, site = azure.id("private_dns_zone"), azure.id("site")
        refusals = (Refusal(action="Microsoft.Network/privateDnsZones/*"), Refusal(scope=site.upper()))
        world = azure.replica.world
        await azure.replica.become(replace(world, azure=replace(world.azure, refusals=refusals)))
        for path in (f"{zone}/A/nothing", f"{zone}/virtualNetworkLinks", f"{site}/config/web"):
            assert code(await azure.ask(path)) == (403, "AuthorizationFailed")
        assert (await azure.ask(azure.id("probe_site"))).status_code == 200
        assert (await azure.ask(azure.id("virtual_network"))).status_code == 200
        assert (await azure.ask(zone, who="operator")).status_code == 200


async def test_throttling_ends_after_so_many_requests() -> None:
    """503 first, then 429, each with a time to come back, and then the answer."""
    async with opened() as azure:
        azure.replica.control_plane.faults = Faults(throttled=2, unavailable=1, retry_after_s=3)
        found = [await azure.ask(azure.id("site")) for _ in range(4)]
    assert [answer.status_code for answer in found] == [503, 429, 429, 200]
    assert [answer.headers.get("retry-after") for answer in found] == ["3", "3", "3", None]
    assert code(found[1]) == (429, "SubscriptionRequestsThrottled")


async def test_a_world_brings_its_faults() -> None:
    """And another world with the same ones does not begin them anew."""
    throttled = replace(QUICK, azure=replace(QUICK.azure, faults=Faults(throttled=1, retry_after_s=None)))
    async with opened(throttled) as azure:
        first, second = await azure.ask(azure.id("site")), await azure.ask(azure.id("site"))
        assert (first.status_code, "retry-after" in first.headers, second.status_code) == (429, False, 200)
        await azure.replica.become(replace(throttled, hosts={"other.example.com": "10.80.99.4"}))
        assert (await azure.ask(azure.id("site"))).status_code == 200


async def test_lists_come_in_pages() -> None:
    """Each page but the last says where the next is, and together they are the whole list."""
    async with opened(replace(QUICK, azure=replace(QUICK.azure, page_size=2))) as azure:
        zone = azure.id("private_dns_zone")
        page = await azure.read(f"{zone}/A")
        names, pages = [record["name"] for record in page["value"]], 1
        while "nextLink" in page:
            assert page["nextLink"].startswith(azure.replica.control_plane.url)
            bearer = {"Authorization": f"Bearer {azure.tokens['probe']}"}
            page = (await azure.client.get(page["nextLink"], headers=bearer)).json()
            names += [record["name"] for record in page["value"]]
            pages += 1
    assert (names, pages) == (["func-orders-prod", "func-orders-prod.scm", "func-probe-prod"], 2)


async def test_every_request_is_kept_with_who_asked() -> None:
    """Also one whose token is not good."""
    async with opened() as azure:
        site = azure.id("site")
        await azure.ask(site)
        await azure.write(site, {"publicNetworkAccess": "Enabled"})
        await azure.client.get(site)
        kept = [(each.method, each.path, each.who, each.status) for each in azure.replica.control_plane.requests]
    assert kept == [("GET", site, "probe", 200), ("PATCH", site, "operator", 200), ("GET", site, "", 401)]
