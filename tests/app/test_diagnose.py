"""The diagnosis on demand, asked for over HTTP and made on the replica."""

import asyncio
import json
from http import HTTPStatus

import httpx
import pytest

from lab import probe_app
from lab.ingestion import Ingestion
from lab.probe_app import ProbeApp
from lab.replica import Replica
from lab.scenarios import scenario
from probes.document import loads
from probes.records import Exchange, Vantage
from tests.app.conftest import client_of, identity_of, sent, telemetry_to, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("healthy")]

EVIDENCE = {"x-gateway-target": "backend", "x-gateway-outcome": "unreachable", "x-gateway-elapsed-ms": "21000"}


async def test_a_healthy_path_is_proven(client: httpx.AsyncClient) -> None:
    """200, the whole sweep as a document that can be judged again, and the verdict in a header."""
    response = await client.get("/api/diagnose")
    sweep = loads(response.text, source="answer")
    assert (response.status_code, response.headers["content-type"]) == (
        httpx.codes.OK,
        "application/json",
    )
    assert (response.headers["x-probe-verdict"], sweep.judgement.verdict) == ("proven", "proven")
    assert {record.target for record in sweep.observations} == {"gateway", "backend", "scm"}
    assert response.headers["cache-control"] == "no-store"


async def test_a_broken_path_is_200_too(app: ProbeApp, client: httpx.AsyncClient) -> None:
    """The status is the app's, the verdict the path's; the cause is the scenario's."""
    broken = scenario("zone-not-linked")
    await app.replica.become(broken.world)
    await app.follow()
    response = await client.post("/api/diagnose")
    sweep = loads(response.text, source="answer")
    assert (response.status_code, response.headers["x-probe-verdict"]) == (httpx.codes.OK, broken.verdict)
    assert [finding.id for finding in sweep.judgement.roots] == [broken.finding]


async def test_one_target_can_be_asked_for(client: httpx.AsyncClient) -> None:
    """Only it is probed."""
    response = await client.get("/api/diagnose", params={"path": "orders", "target": "scm"})
    sweep = loads(response.text, source="answer")
    assert {record.target for record in sweep.observations} == {"scm"}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/plain", "text/plain"),
        ("text/plain;q=0.4, application/json;q=0.5", "application/json"),
        ("text/html, */*;q=0.1", "text/html"),
        ("text/html;q=0.2, application/json;q=0.3", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "text/html"),
        ("*/*", "application/json"),
        ("text/*", "text/plain"),
        ("image/png", "application/json"),
    ],
)
async def test_the_caller_chooses_the_form(client: httpx.AsyncClient, accept: str, form: str) -> None:
    """Text where it is preferred, a page for a browser, JSON otherwise."""
    response = await client.get("/api/diagnose", params={"target": "scm"}, headers={"Accept": accept})
    assert response.headers["content-type"].partition(";")[0] == form
    assert response.text.startswith("{") == (form == "application/json")
    assert response.text.startswith("<!DOCTYPE html>") == (form == "text/html")
    assert "proven" in response.text.lower()
    assert (response.headers["vary"], response.headers["cache-control"]) == ("Accept", "no-store")
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_page_comes_with_its_policy(client: httpx.AsyncClient) -> None:
    """The one of its own text, and a ban on frames, which only a header can say; other forms need none."""
    answers = [
        await client.get("/api/diagnose", params={"target": "scm"}, headers={"Accept": accept})
        for accept in ("text/html", "application/json")
    ]
    policy, none = (answer.headers.get("content-security-policy") for answer in answers)
    assert none is None
    assert policy.endswith("; frame-ancestors 'none'")
    assert policy.removesuffix("; frame-ancestors 'none'").replace("'", "&#x27;") in answers[0].text
    assert answers[0].headers["content-type"] == "text/html; charset=utf-8"
    assert answers[0].headers["x-probe-verdict"] == "proven"


@pytest.mark.parametrize(
    ("params", "status", "reason", "key", "allowed"),
    [
        ({"path": "invoices"}, 404, "unknown_name", "path", "one of orders"),
        ({"target": "https://evil.example"}, 404, "unknown_name", "target", "one of gateway, backend, scm"),
        ({"target": ["scm", "scm"]}, 404, "unknown_name", "target", "one of gateway, backend, scm"),
        ({"url": "https://evil.example"}, 400, "request_invalid", "url", "no parameters but path and target"),
    ],
)
async def test_only_configured_names_are_probed(  # noqa: PLR0917 - a row of the table
    client: httpx.AsyncClient, params: dict[str, str | list[str]], status: int, reason: str, key: str, allowed: str
) -> None:
    """Anything else is refused with the key and what is allowed, and nothing is sent anywhere."""
    response = await client.get("/api/diagnose", params=params)
    said = response.json()
    assert (response.status_code, said["reason"]) == (status, reason)
    assert response.headers["content-type"] == "application/problem+json"
    assert (said["errors"][0]["key"], said["errors"][0]["allowed"]) == (key, allowed)


async def test_a_key_in_the_query_is_no_parameter(app: ProbeApp, client: httpx.AsyncClient) -> None:
    """The host takes `code`, and leaves it in the query."""
    del client.headers["x-functions-key"]
    try:
        response = await client.get("/api/diagnose", params={"target": "scm", "code": app.process.keys.function})
    finally:
        client.headers["x-functions-key"] = app.process.keys.function
    assert response.status_code == httpx.codes.OK
    assert app.process.keys.function not in response.text


async def test_concurrent_equal_calls_share_one_sweep(replica: Replica, client: httpx.AsyncClient) -> None:
    """Eight callers, one walk; the next caller gets a new one, and so does who asks for something else."""
    before = len(replica.gateway_logs)
    shared = [client.get("/api/diagnose", params={"target": "gateway"}) for _ in range(8)]
    other = client.get("/api/diagnose", params={"target": "scm"})
    *together, apart = await asyncio.gather(*shared, other)
    calls = len(replica.gateway_logs) - before
    later = await client.get("/api/diagnose", params={"target": "gateway"})
    ids = [response.json()["sweep_id"] for response in (*together, apart, later)]
    assert len(set(ids[:8])) == 1
    assert len(set(ids)) == 3
    assert calls == 1


async def test_what_the_gateway_saw_is_judged_with_the_rest(client: httpx.AsyncClient) -> None:
    """API Management does not reach a backend that works: the cause is on its side."""
    response = await client.get("/api/diagnose", headers=EVIDENCE)
    sweep = loads(response.text, source="answer")
    (seen,) = [record for record in sweep.observations if record.vantage is Vantage.GATEWAY]
    assert isinstance(seen, Exchange)
    assert (seen.target, seen.failure, seen.address, seen.duration_ms) == (
        "backend",
        "backend_connection_failure",
        None,
        21_000,
    )
    assert [finding.id for finding in sweep.judgement.roots] == ["gateway-cannot-reach-backend"]
    assert seen.id in sweep.judgement.roots[0].evidence


async def test_evidence_is_the_callers_own(client: httpx.AsyncClient) -> None:
    """Who shares the sweep shares what the probe saw, and not what another caller brought along."""
    with_evidence, without = await asyncio.gather(
        client.get("/api/diagnose", headers=EVIDENCE), client.get("/api/diagnose")
    )
    assert with_evidence.json()["sweep_id"] == without.json()["sweep_id"]
    assert (with_evidence.headers["x-probe-verdict"], without.headers["x-probe-verdict"]) == ("broken", "proven")


async def test_doubled_evidence_is_malformed(client: httpx.AsyncClient) -> None:
    """The host joins two equal headers with a comma: a caller's forgery beside the policy's own."""
    headers = [*EVIDENCE.items(), ("x-gateway-outcome", "answered")]
    response = await client.get("/api/diagnose", headers=headers)
    assert response.status_code == httpx.codes.BAD_REQUEST
    assert response.json()["errors"] == [
        {
            "key": "x-gateway-outcome",
            "value": "unreachable,answered",
            "allowed": "one of answered, timeout, unreachable",
        }
    ]


@pytest.mark.parametrize("path", ["/api/health", "/api/findings/app-error", "/api/diagnose?target=nowhere"])
async def test_a_correlation_id_is_taken_or_made(client: httpx.AsyncClient, path: str) -> None:
    """A well-formed one comes back on every answer, problems included; for any other there is a new one."""
    taken = await client.get(path, headers={"x-correlation-id": "apim-0001.a_b"})
    made = await client.get(path, headers=[("x-correlation-id", "apim-0001"), ("x-correlation-id", "apim-0002")])
    assert taken.headers["x-correlation-id"] == "apim-0001.a_b"
    assert len(made.headers["x-correlation-id"]) == 36


async def test_a_diagnosis_is_told_to_telemetry(client: httpx.AsyncClient, ingestion: Ingestion) -> None:
    """One heartbeat of its own trigger under the sweep's trace, and one log line with the caller's correlation id."""
    response = await client.get("/api/diagnose", headers={"x-correlation-id": "a-caller-of-mine"})
    sweep_id = response.json()["sweep_id"]
    (event,) = await until(lambda: [one for one in sent(ingestion, "EventData") if one["operation_id"] == sweep_id])
    lines = await until(lambda: [one for one in sent(ingestion, "MessageData") if sweep_id in one["message"]])
    assert (event["name"], event["properties"]["probe.trigger"]) == ("probe.sweep", "diagnose")
    assert [line["properties"]["correlation.id"] for line in lines] == ["a-caller-of-mine"]
    assert "orders: proven; causes: none" in lines[0]["message"]


async def test_no_token_is_told(client: httpx.AsyncClient, ingestion: Ingestion) -> None:
    """The sweep asked for a token and used it; what was sent and answered holds none."""
    response = await client.get("/api/diagnose", params={"target": "backend"})
    steps = {record["step"] for record in response.json()["observations"]}
    await until(
        lambda: [one for one in sent(ingestion, "EventData") if one["operation_id"] == response.json()["sweep_id"]]
    )
    assert "token" in steps
    assert "eyJ" not in json.dumps(ingestion.envelopes)
    assert "eyJ" not in response.text


@pytest.mark.parametrize("status", [HTTPStatus.SERVICE_UNAVAILABLE, None], ids=["refuses", "gone"])
async def test_the_answer_comes_without_telemetry(replica: Replica, status: HTTPStatus | None) -> None:
    """Ingestion answers 503, or is not there: the verdict is in the answer and in the log all the same."""
    ingestion = await Ingestion.start()
    settings = {**identity_of(replica), **telemetry_to(ingestion)}
    if status is None:
        await ingestion.aclose()
    else:
        ingestion.status = status
    async with (
        ingestion,
        probe_app.opened(replica, settings) as app,
        client_of(app.process, app.process.keys.function) as http,
    ):
        verdicts = [(await http.get("/api/diagnose")).headers["x-probe-verdict"] for _ in range(2)]
        log = app.process.log
    assert verdicts == ["proven", "proven"]
    assert log.count("Diagnosed orders: proven; causes: none;") == 2
    assert ingestion.envelopes == []


@pytest.mark.parametrize("name", ["zone-not-linked", "anonymous-accepted"])
async def test_a_finding_is_explained(client: httpx.AsyncClient, name: str) -> None:
    """The rule that makes it, in the fields of the reference."""
    said = (await client.get(f"/api/findings/{name}")).json()
    assert said["id"] == name
    assert {"severity", "title", "recognised_by", "supports", "weakens", "masks", "fix", "reference"} <= set(said)
    assert said["fix"]


async def test_an_unknown_finding_is_404_with_what_looks_alike(client: httpx.AsyncClient) -> None:
    """A misspelt id leads to the right one."""
    response = await client.get("/api/findings/zone-not-linkd")
    assert (response.status_code, response.json()["reason"]) == (httpx.codes.NOT_FOUND, "unknown_name")
    assert "zone-not-linked" in response.json()["errors"][0]["allowed"]


async def test_an_exception_is_an_answer_and_a_record(replica: Replica) -> None:
    """500 with the correlation id and nothing else, and an exception with the same id in Application Insights."""
    async with (
        await Ingestion.start() as ingestion,
        probe_app.opened(replica, {**identity_of(replica), **telemetry_to(ingestion)}) as app,
        client_of(app.process, app.process.keys.function) as client,
    ):
        # An app that cannot read its surroundings: an exception that nothing in it expects.
        app.surroundings.rename(replica.folder / "nowhere")
        response = await client.get("/api/diagnose", headers={"x-correlation-id": "a-failing-call"})
        (found,) = await until(lambda: sent(ingestion, "ExceptionData"))
    assert response.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert (response.json()["reason"], response.json()["correlation_id"]) == ("internal_error", "a-failing-call")
    assert found["exceptions"][0]["typeName"] == "FileNotFoundError"
    assert found["properties"]["correlation.id"] == "a-failing-call"
    assert "nowhere" not in response.text
