"""Which function a request is for."""

from pathlib import Path

import pytest

from tests.lab.host.conftest import HEALTH, PREAMBLE, Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUTES: tuple[tuple[str, str, list[str] | None], ...] = (
    # name, route, methods; the file has them in this order
    ("y_special", "p/special", ["GET"]),
    ("a_id", "p/{id}", ["GET"]),
    ("s_two", "twice", ["GET"]),
    ("s_one", "twice", ["GET"]),
    ("Zulu", "letters", ["GET"]),
    ("alpha", "letters", ["GET"]),
    ("reads", "shared", ["GET"]),
    ("writes", "shared", ["POST"]),
    ("both", "both", ["GET", "POST"]),
    ("never", "never", []),
    ("anything", "anything/{id?}", None),
    ("number", "number/{n:int}", ["GET"]),
    ("rest", "rest/{*path}", ["GET"]),
    ("mixed", "files/{name}.{kind}", ["GET"]),
)
SOURCE = PREAMBLE + "".join(
    f"""
@app.route({route!r}, methods={methods})
async def {name}(req: func.HttpRequest) -> func.HttpResponse:
    return shown({name!r}, req)
"""
    for name, route, methods in ROUTES
)
EVERYTHING = """
@app.route("{*path}", methods=["GET"])
async def everything(req: func.HttpRequest) -> func.HttpResponse:
    return shown("everything", req)
"""


@pytest.mark.parametrize(
    ("path", "name"),
    [("p/special", "a_id"), ("twice", "s_one"), ("letters", "alpha")],
    ids=["specific", "same", "case"],
)
async def test_the_first_match_by_function_name_wins(app: Served, path: str, name: str) -> None:
    """Neither the order in the file nor how much a route says counts, and capitals do not come first."""
    assert (await app.shown(f"/api/{path}"))["function"] == name


async def test_two_routes_in_conflict_are_not_reported(app: Served) -> None:
    """No function is lost, and the log has neither an error nor a warning."""
    assert app.process.failed == {}
    assert {"s_one", "s_two"} <= set(app.process.functions)
    assert [line for line in app.process.log.splitlines() if line.startswith(("ERROR", "WARNING"))] == []


@pytest.mark.parametrize(("method", "name"), [("GET", "reads"), ("POST", "writes")])
async def test_two_functions_share_a_route_by_method(app: Served, method: str, name: str) -> None:
    """Where methods differ, both are reached."""
    assert (await app.shown("/api/shared", method))["function"] == name


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "FOO"])
async def test_a_wrong_method_is_not_found(app: Served, method: str) -> None:
    """404, empty, and never 405."""
    answer = await app.asked("/api/both", method)
    assert (answer.status_code, answer.content) == (404, b"")


async def test_a_method_may_be_in_lower_case(app: Served) -> None:
    """`get` is GET."""
    answer = await app.exchange(b"get /api/both HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_no_header_overrides_the_method(app: Served) -> None:
    """X-HTTP-Method-Override is a header as any other."""
    assert (await app.asked("/api/both", "PUT", headers={"X-HTTP-Method-Override": "GET"})).status_code == 404


@pytest.mark.parametrize("method", ["GET", "DELETE", "TRACE", "FOO"])
async def test_a_route_without_methods_takes_them_all(app: Served, method: str) -> None:
    """Methods that nobody knows, too."""
    assert (await app.shown("/api/anything", method))["method"] == method


async def test_an_answer_to_head_has_no_body(app: Served) -> None:
    """Status and headers come alone."""
    answer = await app.asked("/api/anything", "HEAD")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "application/json", b"")


async def test_an_empty_list_of_methods_is_never_reached(app: Served) -> None:
    """The function is there, and nothing comes to it."""
    assert "never" in app.process.functions
    assert [(await app.asked("/api/never", method)).status_code for method in ("GET", "POST")] == [404, 404]


@pytest.mark.parametrize(
    ("target", "parameters"),
    [
        ("/API/Anything/x", {"id": "x"}),
        ("/api/anything/x/", {"id": "x"}),
        ("/api/anything", {}),
        ("/api/number/-12", {"n": "-12"}),
        ("/api/rest/a/b/c", {"path": "a/b/c"}),
        ("/api/rest", {}),
        ("/api/files/report.csv", {"name": "report", "kind": "csv"}),
        ("/api/anything/a%2Fb", {"id": "a%2Fb"}),
        ("/api/anything/a%252Fb", {"id": "a%2Fb"}),
        ("/api/anything/%C3%A9", {"id": "é"}),
        ("/api/anything/%FF", {"id": "%FF"}),
        ("/api/x/../anything/y", {"id": "y"}),
    ],
)
async def test_route_parameters_are_decoded(app: Served, target: str, parameters: dict[str, str]) -> None:
    """UTF-8 is decoded, a slash and what is no UTF-8 are kept, dots are resolved, absent parameters are left out."""
    assert (await app.shown(target))["route"] == parameters


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/anything",
        "/api",
        "/api/unknown",
        "//api/both",
        "/api//both",
        "/api/anything//x",
        "/api/rest/a//b",
        "/api/number/x",
    ],
)
async def test_other_paths_are_not_found(app: Served, target: str) -> None:
    """Outside the prefix, with an empty segment or against a constraint there is no function; / is the home page."""
    assert (await app.asked(target)).status_code == (200 if target == "/" else 404)


async def test_a_nul_in_the_path_is_a_bad_request(app: Served) -> None:
    """400 before any route."""
    assert (await app.asked("/api/anything/%00")).status_code == 400


async def test_without_a_prefix_a_catch_all_takes_what_is_not_the_hosts(tmp_path: Path) -> None:
    """The home page and unknown admin paths go to the function, the host's own endpoints stay the host's."""
    host = {"extensions": {"http": {"routePrefix": ""}}}
    async with served(tmp_path, PREAMBLE + EVERYTHING, host=host) as app:
        taken = [await app.shown(target) for target in ("/", "/x/y", "/admin/unknown", "/runtime/unknown")]
        ping, status = await app.asked("/admin/host/ping"), await app.asked("/admin/host/status")
    assert [shown["route"] for shown in taken] == [
        {},
        {"path": "x/y"},
        {"path": "admin/unknown"},
        {"path": "runtime/unknown"},
    ]
    assert (ping.status_code, ping.content, status.status_code) == (200, b"", 401)


@pytest.mark.parametrize("route", ["/health2", "p/{id", "p/{id}/{ID}"])
async def test_one_bad_route_stops_the_whole_app(tmp_path: Path, route: str) -> None:
    """503 with one sentence on everything, health, home page and admin endpoints included; the process lives on."""
    source = PREAMBLE + HEALTH + EVERYTHING.replace("{*path}", route)
    async with served(tmp_path, source) as app:
        answers = [await app.asked(target) for target in ("/api/health", "/", "/admin/host/ping")]
    assert [(answer.status_code, answer.text) for answer in answers] == [(503, "Function host is not running.")] * 3
    assert list(app.process.failed) == ["host"]
    assert app.process.failed["host"] in app.process.log
