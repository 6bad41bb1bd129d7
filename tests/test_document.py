"""A sweep as a JSON document: valid by its schema, and the same again when it is read back."""

import json
from collections.abc import AsyncIterator
from dataclasses import fields

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from lab.replica import Replica, opened
from lab.scenarios import scenario
from probes.document import DocumentError, dumps, loads, to_document
from probes.judge import judge
from probes.path.definition import ControlPlane
from probes.records import Credential
from probes.resources import CONTENTS
from probes.sweep import Sweep
from probes.tell.schema import sweep_schema
from tests.goldens import swept
from tests.sweeps import SITE_ID, exchange, path, reading, site, sweep, walk

SHOWN = ("healthy", "zone-not-linked", "certificate-self-signed", "token-unavailable")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replica() -> AsyncIterator[Replica]:
    """One lab for every scenario."""
    async with opened(scenario("healthy").world) as lab:
        yield lab


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SHOWN)
async def found(replica: Replica, request: pytest.FixtureRequest) -> Sweep:
    """A real sweep."""
    return await swept(replica, scenario(request.param))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_document_is_valid_by_its_schema(found: Sweep) -> None:
    """The schema ships with the package and allows nothing else than what is written."""
    Draft202012Validator.check_schema(sweep_schema())
    Draft202012Validator(sweep_schema()).validate(to_document(found))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_document_read_back_is_judged_alike(found: Sweep) -> None:
    """Observations and findings survive, and the judge says the same of them."""
    again = loads(dumps(found), source="test")
    assert to_document(again) == to_document(found)
    assert judge(again.path, again.observations, started_at=again.started_at) == found.judgement


@pytest.mark.asyncio(loop_scope="module")
async def test_a_document_that_is_none_is_refused_by_key(found: Sweep) -> None:
    """The error names the key, the value and what is allowed."""
    table = json.loads(dumps(found))
    table["observations"][0]["step"] = "teleport"
    with pytest.raises(DocumentError, match=r"observations\[0\]") as refused:
        loads(json.dumps(table), source="test")
    assert "teleport" in str(refused.value)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("value", ["1e309", "-1e11", "NaN", f"1{'0' * 400}", "1e308"])
async def test_a_number_that_no_time_can_be_made_of_is_refused(found: Sweep, value: str) -> None:
    """An endless, enormous or undefined duration is a problem of its key, and no error further on."""
    document = json.loads(dumps(found))
    document["duration_ms"] = "PLACE"
    with pytest.raises(DocumentError) as error:
        loads(json.dumps(document).replace('"PLACE"', value), source="test")
    assert [problem.key for problem in error.value.problems] == ["duration_ms"]


def test_every_kind_of_content_has_a_form_in_the_schema() -> None:
    """With all its fields and no others, each told apart by its kind."""
    schema = sweep_schema()["$defs"]
    forms = [schema[each["$ref"].removeprefix("#/$defs/")] for each in schema["content"]["oneOf"]]
    assert {form["properties"]["kind"]["const"]: form["required"] for form in forms} == {
        content.kind: ["kind", *(field.name for field in fields(content))] for content in CONTENTS
    }
    assert schema["reading"]["properties"]["kind"]["enum"] == [content.kind for content in CONTENTS]


def test_every_word_of_an_enumeration_is_in_the_schema() -> None:
    """What a sweep may write, a reader of the schema must expect."""
    schema = sweep_schema()["$defs"]
    refused = schema["target"]["properties"]["must_refuse"]["items"]["enum"]
    assert schema["credential"]["enum"] == [kind.value for kind in Credential]
    assert sorted([*refused, "token"]) == sorted(schema["credential"]["enum"])
    assert schema["path_definition"]["properties"]["control_plane"]["enum"] == [each.value for each in ControlPlane]


def test_every_key_of_a_path_is_in_the_schema() -> None:
    """Also those that few paths have."""
    target = {
        "name": "backend",
        "role": "backend",
        "url": "https://func.azurewebsites.net/",
        "audience": "api://orders",
        "must_refuse": ["none", "foreign-token", "old-key"],
        "foreign_audience": "api://nobody",
        "old_key_setting": "OLD_KEY",
        "resource": SITE_ID,
    }
    it = path(targets=[target], control_plane="on-trouble", closed=True, resources={"site": SITE_ID})
    told = sweep(*walk(), exchange(credential=Credential.OLD_KEY), reading(site()), path=it)
    document = to_document(told)
    Draft202012Validator(sweep_schema()).validate(document)
    assert loads(dumps(told), source="test") == told
