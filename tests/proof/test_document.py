"""A proof as a file: valid by its schema, the same when read back, and refused where anything in it was altered."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from probes.path import PathError
from probes.proof.digest import canonical, path_digest, sha256
from probes.proof.document import dumps, load, loads, to_document
from probes.proof.records import Phase, Proof
from probes.proof.schema import proof_schema
from probes.proof.stages import STAGES_VERSION
from probes.records import Vantage
from tests.proof.bench import again

pytestmark = pytest.mark.asyncio(loop_scope="session")
PHASES = pytest.mark.parametrize("phase", ["before", "after"])


@PHASES
async def test_a_proof_is_valid_by_its_schema(proofs: dict[str, Proof], phase: str) -> None:
    """The schema ships with the package, and has those of sweep and trace within it."""
    Draft202012Validator.check_schema(proof_schema())
    Draft202012Validator(proof_schema()).validate(to_document(proofs[phase]))


@PHASES
async def test_the_schema_allows_nothing_else(proofs: dict[str, Proof], phase: str) -> None:
    """A key beside the others, a proven stage without evidence, a stage that is not and does not say why."""
    validator = Draft202012Validator(proof_schema())
    document = to_document(proofs[phase])
    assert not validator.is_valid({**document, "signature": "none"})
    changes: list[dict[str, Any]] = [
        {"evidence": []},
        {"seen_from": []},
        {"why_not": ["reasons"]},
        {"result": "not-proven"},
    ]
    for change in changes:
        first, *others = document["stages"]
        assert not validator.is_valid({**document, "stages": [{**first, **change}, *others]}), change


@PHASES
async def test_what_is_read_back_is_the_same(proofs: dict[str, Proof], phase: str) -> None:
    """Every record, and what they come to."""
    again_read = loads(dumps(proofs[phase]), source="test")
    assert dumps(again_read) == dumps(proofs[phase])
    assert again_read.stages == proofs[phase].stages


@PHASES
async def test_how_the_file_is_written_does_not_matter(proofs: dict[str, Proof], phase: str) -> None:
    """Its digest is over what it says: other blanks and another order of keys are the same file."""
    document = json.loads(dumps(proofs[phase]))
    turned = json.dumps(dict(reversed(document.items())))
    assert loads(turned, source="test").proof_id == proofs[phase].proof_id


async def test_the_digest_is_over_everything_else(proofs: dict[str, Proof]) -> None:
    """Whoever has the file can reckon it anew, with nothing but a JSON library."""
    document = json.loads(dumps(proofs["before"]))
    told = document.pop("sha256")
    assert told == sha256(document)
    assert canonical({"b": 1.5, "a": ["ä"]}) == b'{"a":["\\u00e4"],"b":1.5}'


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a document that holds no others."""
    match value:
        case dict() if value:
            for key, each in value.items():
                yield from leaves(each, (*way, key))
        case list() if value:
            for place, each in enumerate(value):
                yield from leaves(each, (*way, place))
        case _:
            yield way


def altered(document: dict[str, Any], way: tuple[Any, ...]) -> dict[str, Any]:
    """The document with another value at the end of the way."""
    copy: Any = json.loads(json.dumps(document))
    at = copy
    for step in way[:-1]:
        at = at[step]
    value = at[way[-1]]
    at[way[-1]] = not value if isinstance(value, bool) else "x" if not isinstance(value, str) else f"{value}x"
    return dict(copy)


async def test_a_file_that_was_altered_anywhere_is_refused(proofs: dict[str, Proof]) -> None:
    """Every tenth of its values, each alone; the error says that the file was altered."""
    document = json.loads(dumps(proofs["before"]))
    ways = [way for way in leaves(document) if way[0] not in {"sha256", "schema_version"}]
    assert len(ways) > 2_000
    for way in ways[::10]:
        with pytest.raises(PathError, match="it was altered after it was written"):
            loads(json.dumps(altered(document, way)), source="test")


OTHER_VALUES: list[Any] = [None, True, 0, -1.5, 1e300, "", "x", "10.80.20.4", [], {}, [1], {"a": 1}, ["x"], "\x1b[2J"]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1_000_000), value=st.sampled_from(OTHER_VALUES), gone=st.booleans())
async def test_whatever_stands_in_a_file_is_read_or_refused(
    proofs: dict[str, Proof], seed: int, value: Any, *, gone: bool
) -> None:
    """Of a file whose digest was reckoned anew: another value anywhere, or none, is a proof or a clear error."""
    document = json.loads(dumps(proofs["after"]))
    document.pop("sha256")
    ways = list(branches(document))
    *parents, last = ways[seed % len(ways)]
    at: Any = document
    for step in parents:
        at = at[step]
    if gone:
        del at[last]
    else:
        at[last] = value
    with suppress(PathError):
        assert loads(json.dumps({**document, "sha256": sha256(document)}), source="test").proof_id


def branches(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        yield (*way, key)
        yield from branches(each, (*way, key))


def _proven(document: dict[str, Any]) -> None:
    document["stages"] = [{**stage, "result": "proven"} for stage in document["stages"]]


def _complete(document: dict[str, Any]) -> None:
    document["complete"], document["verdict"] = True, "complete"


def _younger(document: dict[str, Any]) -> None:
    document["oldest_at"] = document["finished_at"]


def _earlier(document: dict[str, Any]) -> None:
    document["phase"] = "before-closure"


def _elsewhere(document: dict[str, Any]) -> None:
    document["path_digest"] = "0" * 64


@pytest.mark.parametrize("alter", [_proven, _complete, _younger, _earlier, _elsewhere])
async def test_what_its_evidence_does_not_come_to_is_refused(
    proofs: dict[str, Proof], alter: Callable[[dict[str, Any]], None]
) -> None:
    """Also where somebody took the trouble to reckon the digest anew."""
    lame = again(proofs["after"], looks=proofs["after"].looks[:2])
    document = json.loads(dumps(lame))
    document.pop("sha256")
    alter(document)
    with pytest.raises(PathError):
        loads(json.dumps({**document, "sha256": sha256(document)}), source="test")


async def test_sweeps_of_another_path_are_refused(proofs: dict[str, Proof]) -> None:
    """Whatever their name is."""
    proof = proofs["before"]
    first, second = proof.looks
    other = replace(second.sweep.path, resources={})
    moved = replace(second, sweep=replace(second.sweep, path=other))
    mixed = again(proof, looks=(first, moved))
    with pytest.raises(PathError, match="sweeps of the proof's path"):
        loads(dumps(mixed), source="test")


async def test_stages_of_another_version_are_taken_as_they_are(proofs: dict[str, Proof]) -> None:
    """A proof of last year can be read, and says by which stages it was made."""
    proof = replace(proofs["before"], stages_version=STAGES_VERSION + 1, stages=proofs["before"].stages[:3])
    assert loads(dumps(proof), source="test").stages_version == STAGES_VERSION + 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a JSON document"),
        ("[]", "an object, as `prove -o` writes it"),
        ("{}", "schema_version: is missing"),
        ('{"schema_version": 2}', "schema_version = 2: allowed: 1"),
        ('{"schema_version": 1, "schema_version": 1}', "a key stands twice"),
        ('{"schema_version": 1}', "sha256: is missing"),
        (f'{{"schema_version": 1, "sha256": "{"0" * 64}"}}', "it was altered"),
        ("[" * 100_000, "a JSON document"),
    ],
)
async def test_what_is_no_proof_is_refused(text: str, says: str) -> None:
    """The error names the key, the value and what is allowed."""
    with pytest.raises(PathError, match=says):
        loads(text, source="test")


async def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """It is missing, or a folder."""
    for file in (tmp_path / "none.json", tmp_path):
        with pytest.raises(PathError, match="a proof that can be read"):
            load(file)


async def test_a_file_is_loaded(proofs: dict[str, Proof], tmp_path: Path) -> None:
    """As it was written."""
    file = tmp_path / "proof.json"
    file.write_text(dumps(proofs["before"]), encoding="utf-8")
    assert load(file).complete


async def test_the_digest_of_a_path_is_of_what_it_should_be(proofs: dict[str, Proof]) -> None:
    """Where and how one looks is no part of it; what is expected is."""
    path = proofs["before"].path
    same = replace(path, vantage=Vantage.OUTSIDE, deadline_s=1.0, concurrency=1)
    assert path_digest(same) == path_digest(path)
    first, *others = path.targets
    for target in (replace(first, url=f"{first.url}x"), replace(first, private_subnets=())):
        assert path_digest(replace(path, targets=(target, *others))) != path_digest(path)
    assert path_digest(replace(path, resources={})) != path_digest(path)
    assert proofs["before"].path_digest == proofs["after"].path_digest


async def test_age_is_that_of_the_oldest_evidence(proofs: dict[str, Proof]) -> None:
    """A file that was merged may be older than the proof."""
    proof = proofs["after"]
    oldest = min(look.sweep.started_at for look in proof.looks)
    assert proof.phase is Phase.AFTER_CLOSURE
    assert oldest < proof.made_at
    assert proof.age(proof.finished_at) == proof.finished_at - oldest


async def test_no_secret_is_in_the_file(proofs: dict[str, Proof]) -> None:
    """Tokens were shown to the backend and to Azure, and none of them is written down."""
    for proof in proofs.values():
        text = dumps(proof)
        assert "eyJ" not in text
        assert "the-key-of-the-probe-app-in-the-lab" not in text
