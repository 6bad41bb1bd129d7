"""A sweep as a JSON document, and back: what `--format json` prints, the HTTP API answers and `judge` reads.

Its form is `probes/tell/sweep.schema.json`. The path's definition travels along in the keys of the path file, so that a
sweep saved last week can be judged by today's rules. Only `ca_file` and `intermediates_file` stay behind: judging needs
no files, and they may be gone, or never have been, where the sweep is read.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from re import compile as pattern
from typing import Any

from probes.fields import encoded, form
from probes.judge.finding import Finding, Judgement, Verdict
from probes.path import Path, PathError, Problem, Target, from_mapping
from probes.path.reader import MISSING, Reader, as_list
from probes.records import OBSERVATIONS, Observation, Vantage
from probes.sweep import Sweep

SCHEMA_VERSION = 1
KINDS: Mapping[str, type[Observation]] = {kind.step.value: kind for kind in OBSERVATIONS}
SWEEP_ID = pattern("[0-9a-f]{32}")
MOST_PROBLEMS = 20
"""Told of one document: a file that is no sweep at all has thousands."""


class DocumentError(PathError):
    """A document that cannot be read as a sweep, with its problems in the form of the path file's."""


def dumps(sweep: Sweep) -> str:
    """The document as text: ASCII only, so that it can be written to any terminal and file, ending in a newline."""
    return json.dumps(to_document(sweep), indent=2, allow_nan=False) + "\n"


def loads(text: str | bytes, *, source: str, path: Path | None = None) -> Sweep:
    """The sweep of a document's text; `source` names it in errors.

    Raises:
        DocumentError: it is no JSON, or as `from_document` says.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(source, [Problem("file", source, f"a JSON document ({error})")]) from None
    return from_document(document, source=source, path=path)


def to_document(sweep: Sweep) -> dict[str, Any]:
    """The document of a sweep, its keys always in the same order."""
    return {
        "schema_version": SCHEMA_VERSION,
        "sweep_id": sweep.sweep_id,
        "path": sweep.path.name,
        "vantage": sweep.path.vantage.value,
        "started_at": encoded(sweep.started_at),
        "duration_ms": encoded(sweep.duration_ms),
        "verdict": sweep.judgement.verdict.value,
        "rules_version": sweep.judgement.rules_version,
        "findings": [_finding_table(finding) for finding in sweep.judgement.findings],
        "path_definition": path_definition(sweep.path),
        "observations": [{"step": record.step.value, **encoded(record)} for record in sweep.observations],
    }


def path_definition(path: Path) -> dict[str, Any]:
    """The path in the keys of the path file, as `probes.path.from_mapping` reads it; keys of files are left out."""
    return {
        "name": path.name,
        "vantage": path.vantage.value,
        "deadline_s": path.deadline_s,
        "concurrency": path.concurrency,
        "identity": {} if path.client_id is None else {"client_id": path.client_id},
        "thresholds": encoded(path.thresholds),
        "step_timeout_s": {step.value: seconds for step, seconds in path.step_timeout_s.items()},
        "resources": dict(path.resources),
        "control_plane": path.control_plane.value,
        **({} if path.closed is None else {"closed": path.closed}),
        "resolvers": [
            {"name": resolver.name, "address": _endpoint(resolver.address, resolver.port)}
            for resolver in path.resolvers
        ],
        "targets": [_target_table(target) for target in path.targets],
    }


def from_document(document: Any, *, source: str, path: Path | None = None) -> Sweep:
    """The sweep of a document, with the judgement that was made then.

    `path`, where given, takes the place of the document's own definition; the vantage stays the one of the
    observations, which nothing can change afterwards.

    Raises:
        DocumentError: naming what is wrong, key by key.
        PathError: the same for `path_definition`.
    """
    if not isinstance(document, Mapping):
        raise DocumentError(source, [Problem("document", document, "an object, as `check --format json` prints it")])
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
    take("path", str)
    vantage = take("vantage", Vantage)
    definition = take("path_definition", Mapping[str, Any])
    found = {
        "sweep_id": read.read("sweep_id", _sweep_id, "32 hexadecimal digits in lower case"),
        "started_at": take("started_at", datetime),
        "duration_ms": take("duration_ms", float),
    }
    verdict = take("verdict", Verdict)
    rules_version = take("rules_version", int)
    tables = {key: read.read(key, as_list, "an array") or [] for key in ("findings", "observations")}
    read.done()
    stop_at_problems()
    expected = from_mapping(definition, source=f"{source}: path_definition") if path is None else path
    findings = [_finding(table, f"findings[{place}]", problems) for place, table in enumerate(tables["findings"])]
    names = frozenset(target.name for target in expected.targets)
    observations = [
        _observation(table, f"observations[{place}]", names, problems)
        for place, table in enumerate(tables["observations"])
    ]
    stop_at_problems()
    return Sweep(
        **found,
        path=replace(expected, vantage=vantage),
        observations=tuple(record for record in observations if record is not None),
        judgement=Judgement(
            verdict=verdict,
            rules_version=rules_version,
            findings=tuple(finding for finding in findings if finding is not None),
        ),
    )


def _observation(table: Any, where: str, targets: frozenset[str], problems: list[Problem]) -> Observation | None:
    if not isinstance(table, Mapping):
        problems.append(Problem(where, table, "an object"))
        return None
    step = table.get("step", MISSING)
    kind = KINDS.get(step) if isinstance(step, str) else None
    if kind is None:
        problems.append(Problem(f"{where}.step", step, f"a step that this version knows: {', '.join(KINDS)}"))
        return None
    record: Observation | None = form(kind).read(_without(table, "step"), where, problems)
    if record is not None and record.target not in targets:
        problems.append(
            Problem(f"{where}.target", record.target, f"a target of the path: {', '.join(sorted(targets))}")
        )
        return None
    return record


def _finding_table(finding: Finding) -> dict[str, Any]:
    """The finding with its first target as `target`, for queries and alerts that want just one."""
    table = encoded(finding)
    first = {key: table.pop(key) for key in ("id", "severity", "confidence")}
    return {**first, "target": next(iter(finding.targets), None), **table}


def _finding(table: Any, where: str, problems: list[Problem]) -> Finding | None:
    plain = _without(table, "target") if isinstance(table, Mapping) else table
    finding: Finding | None = form(Finding).read(plain, where, problems)
    return finding


def _without(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != key}


def _target_table(target: Target) -> dict[str, Any]:
    table = {
        "name": target.name,
        "role": target.role.value,
        "url": target.url,
        "method": target.method,
        "private_subnets": [str(net) for net in target.private_subnets],
        "expected_status": list(target.expected_status),
        "body_contains": target.body_contains,
        "audience": target.audience,
        "must_refuse": [kind.value for kind in target.must_refuse],
        "foreign_audience": target.foreign_audience,
        "old_key_setting": target.old_key_setting,
        "correlation": target.correlation,
        "resource": target.resource_id,
    }
    return {key: value for key, value in table.items() if value is not None}


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _version(value: Any) -> int:
    if isinstance(value, bool) or value != SCHEMA_VERSION:
        raise ValueError
    return SCHEMA_VERSION


def _sweep_id(value: Any) -> str:
    if not SWEEP_ID.fullmatch(value):
        raise ValueError
    return str(value)
