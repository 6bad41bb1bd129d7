"""Keys, and what they open."""

from dataclasses import asdict

import pytest

from lab.host.keys import Access, Keys
from tests.lab.host.conftest import PREAMBLE, Served

SOURCE = PREAMBLE + "".join(
    f"""
@app.route({name!r}, methods=["GET"], auth_level=func.AuthLevel.{level})
async def {name}(req: func.HttpRequest) -> func.HttpResponse:
    return shown({name!r}, req)
"""
    for name, level in [
        ("free", "ANONYMOUS"),
        ("guarded", "FUNCTION"),
        ("private", "ADMIN"),
        ("off", "FUNCTION"),
        ("doubly", "FUNCTION"),
    ]
)
SETTINGS = {"AzureWebJobs_off_Disabled": "true", "AzureWebJobs__doubly__Disabled": "true"}
GOOD = "function-key"

served_once = pytest.mark.asyncio(loop_scope="module")


@served_once
@pytest.mark.parametrize(
    ("name", "key", "status"),
    [
        ("free", None, 200),
        ("free", "wrong", 200),
        ("guarded", None, 401),
        ("guarded", "", 401),
        ("guarded", "wrong", 401),
        ("guarded", "function-key", 200),
        ("guarded", "host-key", 200),
        ("guarded", "master-key", 200),
        ("guarded", "FUNCTION-Key", 200),
        ("private", "function-key", 401),
        ("private", "host-key", 401),
        ("private", "master-key", 200),
        ("off", None, 401),
        ("off", "function-key", 404),
        ("off", "host-key", 404),
        ("off", "master-key", 200),
        ("doubly", "function-key", 200),
    ],
)
async def test_each_level_has_its_keys(app: Served, name: str, key: str | None, status: int) -> None:
    """Letter case does not count; a disabled function runs for the master key only, and `__` disables none."""
    headers = {} if key is None else {"x-functions-key": key}
    assert (await app.asked(f"/api/{name}", headers=headers)).status_code == status


@served_once
@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ([], f"code={GOOD}", 200),
        ([], f"Code={GOOD}", 200),
        ([], "code=wrong", 401),
        ([GOOD], "code=wrong", 200),
        (["wrong"], f"code={GOOD}", 401),
        ([GOOD, GOOD], "", 401),
        ([], f"code={GOOD}&code={GOOD}", 401),
    ],
)
async def test_the_header_decides(app: Served, headers: list[str], query: str, status: int) -> None:
    """A key may come as `code`, its name in any case, where no header has one; two are joined, and no key at all."""
    answer = await app.asked(f"/api/guarded?{query}", headers=[("x-functions-key", key) for key in headers])
    assert answer.status_code == status


@served_once
@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}, {"Authorization": f"Bearer {GOOD}"}])
async def test_a_refusal_says_nothing(app: Served, headers: dict[str, str]) -> None:
    """401 without a body and without a challenge, but for the server's name; a key as bearer token is no key."""
    answer = await app.asked("/api/guarded", headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert sorted(answer.headers) == ["content-length", "date", "server"]
    assert (answer.headers["content-length"], answer.headers["server"]) == ("0", "Kestrel")


@served_once
@pytest.mark.parametrize(("method", "path"), [("GET", "/api/unknown"), ("POST", "/api/guarded")])
async def test_route_and_method_come_before_the_key(app: Served, method: str, path: str) -> None:
    """404 without a key: a 401 tells that both exist."""
    assert (await app.asked(path, method)).status_code == 404


@served_once
async def test_keys_reach_the_function(app: Served) -> None:
    """Header and query are passed on with the key in them, and so is the URL."""
    shown = await app.shown(f"/api/guarded?code={GOOD}", headers={"x-functions-key": GOOD})
    assert (shown["headers"]["x-functions-key"], shown["query"]) == (GOOD, {"code": GOOD})
    assert shown["url"].endswith(f"/api/guarded?code={GOOD}")


@pytest.mark.parametrize("offered", ["", "host"])
def test_an_empty_key_opens_nothing(offered: str) -> None:
    """Not even for a caller that offers nothing."""
    assert Keys(function="", host="", master="").access(offered) == Access.ANONYMOUS


def test_keys_are_new_unless_given_and_do_not_show() -> None:
    """Six keys of two apps are six, and none stands in what is printed of them."""
    one, other = Keys(), Keys()
    values = [*asdict(one).values(), *asdict(other).values()]
    assert len(set(values)) == 6
    assert not [value for value in values if value in f"{one!r}{other!r}"]
