"""The ingestion stand-in, spoken to as exporters do."""

import asyncio
import json

import pytest

from lab.certificates import server_context
from lab.ingestion import Ingestion
from lab.world import Leaf
from tests.lab.clients import fetch

ENVELOPES = [{"name": "Request", "iKey": "a"}, {"name": "Message", "iKey": "a"}]
BODY = json.dumps(ENVELOPES).encode()


def track(ingestion: Ingestion, path: str = "/v2.1/track") -> str:
    """URL of the track endpoint."""
    return f"{ingestion.url}{path}"


def port(ingestion: Ingestion) -> int:
    """Port of the endpoint."""
    return int(ingestion.url.rpartition(":")[2])


@pytest.mark.parametrize("path", ["/v2.1/track", "//v2.1/track"])
async def test_envelopes_are_kept_in_their_order(path: str) -> None:
    """Both spellings of the path are taken, the second being the exporter's where the endpoint ends in a slash."""
    async with await Ingestion.start() as ingestion:
        answer = await fetch(port(ingestion), track(ingestion, path), method="POST", content=BODY)
        assert answer.json() == {"itemsReceived": 2, "itemsAccepted": 2, "errors": []}
        assert ingestion.envelopes == ENVELOPES


async def test_one_envelope_a_line_is_taken_as_well() -> None:
    """Older exporters send lines in place of an array."""
    lines = b"\n".join(json.dumps(envelope).encode() for envelope in ENVELOPES)
    async with await Ingestion.start() as ingestion:
        await fetch(port(ingestion), track(ingestion), method="POST", content=lines)
        assert ingestion.envelopes == ENVELOPES


@pytest.mark.parametrize("status", [400, 429, 503])
async def test_nothing_is_kept_while_it_refuses(status: int) -> None:
    """Every envelope has its error, and 200 is back when the status is."""
    async with await Ingestion.start() as ingestion:
        ingestion.status = status
        answer = await fetch(port(ingestion), track(ingestion), method="POST", content=BODY)
        assert (answer.status_code, answer.json()["itemsAccepted"], ingestion.envelopes) == (status, 0, [])
        assert [error["statusCode"] for error in answer.json()["errors"]] == [status, status]
        ingestion.status = 200
        await fetch(port(ingestion), track(ingestion), method="POST", content=BODY)
        assert ingestion.envelopes == ENVELOPES


async def test_a_status_that_ingestion_never_has_is_an_error() -> None:
    """The error has the value and what is allowed."""
    async with await Ingestion.start() as ingestion:
        with pytest.raises(ValueError, match="status = 418: allowed: one of 200, 400, 429, 503"):
            ingestion.status = 418


@pytest.mark.parametrize(("header", "status"), [(None, 401), ("Bearer wrong", 401), ("Bearer right", 200)])
async def test_a_required_token_is_asked_for(header: str | None, status: int) -> None:
    """Without the right bearer token nothing is taken."""
    async with await Ingestion.start(required_token="right") as ingestion:
        headers = {"Authorization": header} if header else {}
        answer = await fetch(port(ingestion), track(ingestion), method="POST", content=BODY, headers=headers)
        assert (answer.status_code, bool(ingestion.envelopes)) == (status, status == 200)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'["text"]', b"\xff"])
async def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    """400, and nothing is kept."""
    async with await Ingestion.start() as ingestion:
        answer = await fetch(port(ingestion), track(ingestion), method="POST", content=body)
        assert (answer.status_code, ingestion.envelopes) == (400, [])


async def test_other_paths_and_methods_are_not_served() -> None:
    """It is no live metrics endpoint and no page."""
    async with await Ingestion.start() as ingestion:
        assert (await fetch(port(ingestion), track(ingestion, "/v2/track"), method="POST")).status_code == 404
        assert (await fetch(port(ingestion), track(ingestion))).status_code == 405


async def test_it_speaks_tls_where_a_context_is_given() -> None:
    """Its URL is https then, and its connection string names it."""
    context = await asyncio.to_thread(server_context, (Leaf(names=("in.example.com",)),))
    async with await Ingestion.start(ssl_context=context) as ingestion:
        url = f"https://in.example.com:{port(ingestion)}/v2.1/track"
        assert (await fetch(port(ingestion), url, method="POST", content=BODY)).status_code == 200
        assert f"IngestionEndpoint={ingestion.url}/" in ingestion.connection_string
        assert ingestion.url.startswith("https://")
