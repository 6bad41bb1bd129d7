"""A proof as a JSON document, and back: the evidence file of `prove -o`, which `close` asks for.

Its form is `probes/proof/proof.schema.json`. `sha256` is over the canonical JSON of everything else
(`probes.proof.digest`), so it does not mind how the file is indented. A file that was altered is refused, and so is one
whose stages are not what its own evidence comes to. That is integrity and no signature: whoever may write the file may
make another.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path as File
from re import compile as pattern
from typing import Any

from probes.document import DocumentError, path_definition
from probes.document import from_document as sweep_from
from probes.document import to_document as sweep_document
from probes.fields import encoded, form
from probes.path import Problem, from_mapping
from probes.path.load import reason
from probes.path.reader import Reader, as_list
from probes.proof.digest import path_digest, sha256
from probes.proof.judging import judged, phase
from probes.proof.records import Asked, FollowedCall, Look, Missed, Origin, Phase, Proof, StageResult
from probes.proof.seen import Seen
from probes.proof.stages import STAGES_VERSION
from probes.records import Vantage

SCHEMA_VERSION = 1
PROOF_ID = pattern("[0-9a-f]{32}")
LARGEST_BYTES = 64_000_000
"""Of a file: a path of a thousand targets, seen from four vantages, has a tenth of that."""
MOST_PROBLEMS = 20


def dumps(proof: Proof) -> str:
    """The document as text: ASCII only, ending in a newline."""
    return json.dumps(to_document(proof), indent=2, allow_nan=False) + "\n"


def load(file: File) -> Proof:
    """The proof of a file.

    Raises:
        PathError: it cannot be read, was altered, or is no proof; naming what is wrong, key by key.
    """
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise DocumentError(str(file), [Problem("file", str(file), f"a file of at most {LARGEST_BYTES} bytes")])
        text = file.read_bytes()
    except OSError as error:
        problem = Problem("file", str(file), f"a proof that can be read, as `prove -o` writes it ({reason(error)})")
        raise DocumentError(str(file), [problem]) from None
    return loads(text, source=str(file))


def loads(text: str | bytes, *, source: str) -> Proof:
    """The proof of a document's text; `source` names it in errors.

    Raises:
        PathError: as `load`.
    """
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise DocumentError(source, [Problem("file", source, f"a JSON document ({error})")]) from None
    return from_document(document, source=source)


def to_document(proof: Proof) -> dict[str, Any]:
    """The document of a proof, its keys always in the same order, its digest last."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "proof_id": proof.proof_id,
        "path": proof.path.name,
        "path_digest": proof.path_digest,
        "phase": proof.phase.value,
        "made_at": encoded(proof.made_at),
        "finished_at": encoded(proof.finished_at),
        "oldest_at": encoded(proof.oldest_at),
        "agent_version": proof.agent_version,
        "rules_version": proof.rules_version,
        "stages_version": proof.stages_version,
        "verdict": proof.verdict.value,
        "complete": proof.complete,
        "vantages": {vantage.value: [look.name for look in looks] for vantage, looks in proof.vantages.items()},
        "stages": [encoded(stage) for stage in proof.stages],
        "asked": encoded(proof.asked),
        "missed": [encoded(missed) for missed in proof.missed],
        "path_definition": path_definition(proof.path),
        "calls": [encoded(call) for call in proof.calls],
        "sweeps": [
            {"name": look.name, "origin": look.origin.value, "file": look.file, "sweep": sweep_document(look.sweep)}
            for look in proof.looks
        ],
    }
    return {**document, "sha256": sha256(document)}


def from_document(document: Any, *, source: str) -> Proof:
    """The proof of a document.

    Raises:
        DocumentError: naming what is wrong, key by key; a digest that does not fit first of all.
        PathError: the same for a `path_definition`.
    """
    if not isinstance(document, Mapping):
        raise DocumentError(source, [Problem("document", document, "an object, as `prove -o` writes it")])
    problems: list[Problem] = []
    read = Reader(document, problems)

    def take(key: str, hint: Any) -> Any:
        there = read.read(key, lambda value: (value,), form(hint).allowed)
        return form(hint).read(there[0], key, problems) if there else None

    def stop_at_problems() -> None:
        if problems:
            raise DocumentError(source, problems[:MOST_PROBLEMS])

    read.read("schema_version", _version, f"{SCHEMA_VERSION}, the form that this version of the agent reads")
    stop_at_problems()
    told = read.read("sha256", _digest, "64 hexadecimal digits in lower case")
    rest = {key: value for key, value in document.items() if key != "sha256"}
    if told is not None and told != sha256(rest):
        read.problem("sha256", told, "the digest of the rest of the file: it was altered after it was written")
    stop_at_problems()
    found = {
        "proof_id": read.read("proof_id", _proof_id, "32 hexadecimal digits in lower case"),
        "phase": take("phase", Phase),
        "made_at": take("made_at", datetime),
        "finished_at": take("finished_at", datetime),
        "agent_version": take("agent_version", str),
        "rules_version": take("rules_version", int),
        "stages_version": take("stages_version", int),
        "stages": take("stages", tuple[StageResult, ...]),
        "asked": take("asked", Asked),
        "missed": take("missed", tuple[Missed, ...]),
        "calls": take("calls", tuple[FollowedCall, ...]),
    }
    definition = take("path_definition", Mapping[str, Any])
    sweeps = read.read("sweeps", as_list, "an array") or []
    for key in ("path", "path_digest", "oldest_at", "verdict", "complete", "vantages"):
        read.read(key, lambda value: value, "what the rest comes to")
    read.done()
    stop_at_problems()
    path = from_mapping(definition, source=f"{source}: path_definition")
    looks = [_look(table, f"sweeps[{place}]", source, problems) for place, table in enumerate(sweeps)]
    stop_at_problems()
    proof = Proof(**found, path=path, looks=tuple(look for look in looks if look is not None))
    _consistent(proof, document, source)
    return proof


def _look(table: Any, where: str, source: str, problems: list[Problem]) -> Look | None:
    if not isinstance(table, Mapping):
        problems.append(Problem(where, table, "an object"))
        return None
    read = Reader(table, problems, where)
    before = len(problems)
    name = read.read("name", _look_name, "the name of a sweep: client, probe-2")
    origin = read.read("origin", Origin, "one of " + ", ".join(Origin))
    file = form(str | None).read(read.read("file", lambda value: value, "text or null"), f"{where}.file", problems)
    inner = read.read("sweep", lambda value: value, "a sweep, as `check --format json` prints it")
    read.done()
    if len(problems) > before or name is None or origin is None:
        return None
    return Look(name=name, origin=origin, file=file, sweep=sweep_from(inner, source=f"{source}: {where}.sweep"))


def _consistent(proof: Proof, document: Mapping[str, Any], source: str) -> None:
    """The file says of itself what its evidence says; whoever altered it and reckoned the digest anew is caught here.

    Stages made by another version of them are taken as they are: `Proof.stages_version` tells.
    """
    problems: list[Problem] = []
    if any(path_digest(look.sweep.path) != proof.path_digest for look in proof.looks):
        problems.append(Problem("sweeps", [look.sweep.path.name for look in proof.looks], "sweeps of the proof's path"))
    if len({look.name for look in proof.looks}) != len(proof.looks):
        problems.append(Problem("sweeps", [look.name for look in proof.looks], "a name of its own for each"))
    if phase(Seen.by(proof)) is Phase.AFTER_CLOSURE is not proof.phase:
        problems.append(Problem("phase", proof.phase.value, f"{Phase.AFTER_CLOSURE}, as Azure said"))
    again = to_document(proof)
    if proof.stages_version == STAGES_VERSION:
        again = to_document(replace(proof, stages=judged(proof)))
    keys = ("path", "path_digest", "oldest_at", "vantages", "stages", "verdict", "complete")
    problems += [
        Problem(key, document.get(key), "what the evidence in the file comes to")
        for key in keys
        if document.get(key) != again[key]
    ]
    if problems:
        raise DocumentError(source, problems)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand there once: of two, one reader would take the first and another the last."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return table


def _version(value: Any) -> int:
    if isinstance(value, bool) or value != SCHEMA_VERSION:
        raise ValueError
    return SCHEMA_VERSION


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not DIGEST.fullmatch(value):
        raise ValueError
    return value


DIGEST = pattern("[0-9a-f]{64}")
LOOK_NAME = pattern("(?:" + "|".join(Vantage) + ")(?:-[1-9][0-9]?)?")


def _proof_id(value: Any) -> str:
    if not PROOF_ID.fullmatch(value):
        raise ValueError
    return str(value)


def _look_name(value: Any) -> str:
    if not LOOK_NAME.fullmatch(value):
        raise ValueError
    return str(value)
