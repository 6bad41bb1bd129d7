"""The probe app's sweep by way of API Management: one command at a client is a whole proof."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path as File

import pytest
import pytest_asyncio

from lab import probe_app
from lab.certificates import authorities, pem
from lab.http import Response
from lab.probe_app import ProbeApp
from lab.scenarios.article import API, ENTERPRISE_ZONE, GATEWAY, GATEWAY_ADDRESS, PRIVATELINK, PROBE_ADDRESS
from lab.scenarios.changes import change_listener, change_target, changed_policy
from lab.scenarios.gateway import OLD_NAME_SERVER
from lab.world import World, Zone
from probes.failure import Failure
from probes.path import Path
from probes.proof.diagnosis import DiagnosisError, diagnosed, diagnosis
from probes.proof.document import dumps, loads
from probes.proof.records import Missed, Origin, Proof, Result, Source
from probes.records import Vantage
from tests.app.conftest import identity_of
from tests.proof.bench import OPEN, SOON_S, Bench, bench, results
from tests.support import HOST, Stage
from tests.support import opened as staged

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
URL = f"https://{API}/diagnostics/diagnose"
KEY = "5up3rs3cr3tk3y0fth3g4t3w4y000001"


@pytest.fixture
def ca_file(tmp_path: File) -> str:
    """The lab's root."""
    file = tmp_path / "ca.pem"
    file.write_bytes(pem(authorities().root.certificate))
    return str(file)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[ProbeApp]:
    """The probe app behind the lab's front end."""
    async with bench(OPEN) as lab, probe_app.opened(lab.replica, identity_of(lab.replica)) as running:
        yield running


async def proven(app: ProbeApp, world: World = OPEN, *, key: str | None = None, **options: object) -> Proof:
    """A proof of a world by one command at a client."""
    lab = Bench(app.replica)
    await app.replica.become(world)
    await app.follow()
    asked = diagnosis(URL, app.replica.path, key)
    return await lab.seen(Vantage.CLIENT, diagnosis=asked, workspace=lab.workspace, wait_s=SOON_S, **options)


async def test_one_command_at_a_client_is_a_whole_proof(app: ProbeApp) -> None:
    """The probe's sweep came over the private path itself, with what API Management saw in it."""
    proof = await proven(app, key=KEY)
    assert {stage.id: stage.why_not for stage in proof.stages if stage.required and stage.why_not} == {}
    assert [(look.name, look.origin) for look in proof.looks] == [("client", Origin.HERE), ("probe", Origin.DIAGNOSE)]
    assert {record.vantage for record in proof.looks[1].sweep.observations} == {Vantage.PROBE, Vantage.GATEWAY}
    text = dumps(proof)
    assert loads(text, source="test").complete
    assert KEY not in text


async def test_what_the_gateway_says_of_its_own_call_counts(app: ProbeApp) -> None:
    """It asks an old name server without the record: its word contradicts beside its log, and the cause is named."""
    zones = (ENTERPRISE_ZONE, Zone(name=PRIVATELINK, records=(f"func-probe-prod 10 A {PROBE_ADDRESS}",)))
    world = change_listener(OPEN, GATEWAY_ADDRESS, serves=replace(GATEWAY, name_server="before"))
    old = replace(OLD_NAME_SERVER, zones=zones)
    world = replace(world, name_servers={**world.name_servers, "before": old})
    proof = await proven(app, world)
    reaches = proof.stage("gateway-reaches-backend")
    assert reaches is not None
    assert (reaches.result, Source.GATEWAY in reaches.seen_from) == (Result.DISPROVEN, True)
    assert any("came to backend_connection_failure" in reason for reason in reaches.why_not)
    assert reaches.causes == ("probe:gateway-dns-stale",)


async def test_a_probe_app_that_refuses_is_told(app: ProbeApp) -> None:
    """401 of the host, where the gateway shows it no key: what the probe would have seen is not proven."""
    header = '<set-header name="x-functions-key" exists-action="override">'
    changed = changed_policy(GATEWAY, "diagnostics.xml", header, header.replace("x-functions-key", "x-other"))
    proof = await proven(app, change_listener(OPEN, GATEWAY_ADDRESS, serves=changed))
    assert [(one.source, one.failure, one.detail) for one in proof.missed] == [
        (Source.PROBE, Failure.DENIED, f"{API} answered 401")
    ]
    enforced = proof.stage("identity-enforced")
    assert enforced is not None
    assert enforced.says == f"The probe was asked, and gave no sweep (denied: {API} answered 401)."
    assert any(f"--diagnose {URL}" in step for step in enforced.measure)
    assert results(proof, Result.DISPROVEN) == set()


async def test_a_probe_app_with_another_path_file_is_told(app: ProbeApp) -> None:
    """It looks for its answers somewhere else, whatever the path is called."""
    await app.replica.become(change_target(OPEN, "backend", body_contains='"others"'))
    asked = diagnosis(URL, app.replica.path, None)
    found = await diagnosed(asked, app.replica.path, app.replica.surroundings)
    assert isinstance(found, Missed)
    assert (found.failure, (found.detail or "")[:44]) == (
        Failure.MALFORMED_RESPONSE,
        "the probe app has another definition of the ",
    )


async def test_without_a_probe_app_its_front_end_answers() -> None:
    """503, which is told, and nothing is raised."""
    async with bench(OPEN) as lab:
        proof = await lab.seen(Vantage.CLIENT, diagnosis=diagnosis(URL, lab.replica.path, None))
    assert [(one.failure, one.detail) for one in proof.missed] == [(Failure.UNKNOWN, f"{API} answered 503")]


def served(stage: Stage) -> Path:
    """A path whose gateway is what the stage serves."""
    return stage.path({"name": "gateway", "role": "gateway"})


async def test_the_key_goes_into_one_header_and_the_path_into_the_query(ca_file: str) -> None:
    """And neither into anything else."""
    async with staged(ca_file) as stage:
        await stage.names()
        await stage.app(lambda _: Response(status=403))
        found = await diagnosed(diagnosis(f"https://{HOST}/d", served(stage), KEY), served(stage), stage.surroundings)
        (request,) = stage.requests
    assert (request.method, request.target) == ("GET", "/d?path=test")
    assert request.header("ocp-apim-subscription-key") == KEY
    assert [name for name, value in request.headers if KEY in value] == ["Ocp-Apim-Subscription-Key"]
    assert isinstance(found, Missed)
    assert (found.failure, KEY in str(found)) == (Failure.DENIED, False)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Response(status=200, body=b"<html>"), Failure.MALFORMED_RESPONSE),
        (Response(status=200, body=json.dumps({"schema_version": 1}).encode()), Failure.MALFORMED_RESPONSE),
        (Response(status=302, headers=(("Location", "https://elsewhere.example/"),)), Failure.UNKNOWN),
        (Response(status=200, raw=b"\x00\x01\x02"), Failure.MALFORMED_RESPONSE),
    ],
)
async def test_what_is_no_sweep_is_told(ca_file: str, answer: Response, failure: Failure) -> None:
    """A page, another document, a redirect that is not followed, no HTTP at all."""
    async with staged(ca_file) as stage:
        await stage.names()
        await stage.app(lambda _: answer)
        path = served(stage)
        found = await diagnosed(diagnosis(f"https://{HOST}/d", path, None), path, stage.surroundings)
        assert len(stage.requests) == 1
    assert isinstance(found, Missed)
    assert found.failure is failure


async def test_a_gateway_that_cannot_be_trusted_is_not_shown_the_key(ca_file: str) -> None:
    """Its certificate is not the name's: nothing is sent."""
    async with staged(ca_file) as stage:
        await stage.names(f"{HOST} 10 A 10.80.20.4", "api.example.com 10 A 10.80.20.4")
        await stage.app()
        path = stage.path({"name": "gateway", "role": "gateway", "url": "https://api.example.com/"})
        found = await diagnosed(diagnosis("https://api.example.com/d", path, KEY), path, stage.surroundings)
        assert stage.requests == []
    assert isinstance(found, Missed)
    assert found.failure is Failure.CERTIFICATE_NAME_MISMATCH


@pytest.mark.parametrize(
    "url",
    [
        "http://func.azurewebsites.net/d",
        "https://other.example.com/d",
        "https://user@func.azurewebsites.net/d",
        "https://func.azurewebsites.net:8443/d",
        "https://func.azurewebsites.net/d?subscription-key=abc",
        "https://func.azurewebsites.net/d?code=abc",
        "https://func.azurewebsites.net/d?access_token=abc",
        "https://func.azurewebsites.net/d#code=abc",
        "https://me:abc@func.azurewebsites.net:99999/d",
        "https://[::1/d?code=abc",
        "https://func.azurewebsites.net/d#part",
        "func.azurewebsites.net/d",
        "https://[::1/d",
    ],
)
async def test_a_url_that_is_not_the_gateways_is_refused(ca_file: str, url: str) -> None:
    """Another host, another port, no TLS, or a credential in it; the value of a key is not repeated."""
    async with staged(ca_file) as stage:
        path = served(stage)
    with pytest.raises(DiagnosisError, match="allowed: an https URL of the gateway target's host") as refused:
        diagnosis(url, path, None)
    assert "abc" not in str(refused.value)


async def test_the_key_is_not_shown_by_what_is_asked(ca_file: str) -> None:
    """Not even in a traceback."""
    async with staged(ca_file) as stage:
        asked = diagnosis(f"https://{HOST}/d?path=mine", served(stage), KEY)
    assert repr(asked) == f"Diagnosis(url='https://{HOST}/d?path=mine')"
