import hashlib
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus

import httpx
import pytest
import pytest_asyncio

from lab.entra import Entra
from orders_api.caller import Caller, Role
from orders_api.identity import Gate
from orders_api.settings import read
from tests.orders.attacks.client_certificates import header_of, thumbprint, wallet
from tests.orders.attacks.conftest import FUNCTION_KEY, NEXT_FUNCTION_KEY, settings_of_all
from tests.orders.conftest import CLIENT_ID, LISTED_OBJECT_ID, OBJECT_ID, bearer, settings_for, token_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGER = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gate(entra: Entra) -> AsyncIterator[Gate]:
    """The gate of an app that accepts every kind of credential."""
    yield Gate(read(settings_of_all(entra, wallet())))


async def let_in(gate: Gate, headers: Mapping[str, str]) -> Caller:
    """The caller behind headers, named in lower case as the host does."""
    return await gate.admit({name.lower(): value for name, value in headers.items()}, Role.READ)


@pytest.mark.parametrize("changes", [{"audience": CLIENT_ID}, {"client_id": STRANGER, "object_id": LISTED_OBJECT_ID}])
async def test_each_member_of_a_list_is_accepted(
    client: httpx.AsyncClient, entra: Entra, changes: dict[str, str]
) -> None:
    """A v2 token's audience is the client id; a client may be listed by the object id of its identity."""
    response = await client.get("/api/orders", headers=bearer(token_of(entra, **changes)))
    assert response.status_code == HTTPStatus.OK


async def test_leeway_is_a_minute(client: httpx.AsyncClient, entra: Entra) -> None:
    """A token that expired half a minute ago is still good: clocks differ."""
    response = await client.get("/api/orders", headers=bearer(token_of(entra, lifetime_s=-30)))
    assert response.status_code == HTTPStatus.OK


async def test_token_names_its_object_id(gate: Gate, entra: Entra) -> None:
    """The identity is the caller, whichever of its tokens it shows; its roles are the token's."""
    callers = [await let_in(gate, bearer(token_of(entra, version=version))) for version in ("1.0", "2.0")]
    assert callers == [Caller(subject=f"token:{OBJECT_ID}", roles=frozenset({"Orders.Read", "Orders.Write"}))] * 2


async def test_key_is_named_by_its_digest(gate: Gate) -> None:
    """Eight digits of it: two keys are two callers, and neither name helps to find the key."""
    for key in (FUNCTION_KEY, NEXT_FUNCTION_KEY):
        caller = await let_in(gate, {"x-functions-key": key})
        digest = hashlib.sha256(key.encode()).hexdigest()
        assert caller == Caller(subject=f"key:{digest[:8]}", roles=frozenset({Role.READ}))


async def test_certificate_is_named_by_its_thumbprint(gate: Gate) -> None:
    """Its holder is the caller."""
    certificate = wallet().pinned["good"]
    caller = await let_in(gate, header_of(certificate))
    assert caller == Caller(subject=f"certificate:{thumbprint(certificate)}", roles=frozenset({Role.READ}))


async def test_settings_hold_no_key(entra: Entra) -> None:
    """What a debugger or a log shows of the settings has no function key in it."""
    shown = repr(read(settings_of_all(entra, wallet())))
    assert FUNCTION_KEY not in shown
    assert entra.tenant_id in shown


async def test_lab_settings_accept_tokens_only(entra: Entra) -> None:
    """The settings of before there were other credentials mean what they meant."""
    gate = Gate(read(settings_for(entra)))
    assert (await let_in(gate, bearer(token_of(entra)) | {"x-functions-key": "k"})).subject == f"token:{OBJECT_ID}"
