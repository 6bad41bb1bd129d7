"""The diagnosis on demand: one sweep over a configured path, judged together with what API Management saw itself.

A caller names a path and a target; nothing of a request ever becomes an address to probe. Callers who ask for the same
at the same time wait for one sweep: many eyes on an incident must not make it worse. Nothing is kept once it is over.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import azure.functions as func
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from probes.app.gateway_evidence import observed
from probes.app.problem import Problem, Reason, Wrong
from probes.app.settings import Settings, Unusable
from probes.document import dumps
from probes.judge import judge
from probes.observe.surroundings import Surroundings
from probes.path import Path
from probes.records import Exchange
from probes.sweep import Sweep, sweep
from probes.tell import telemetry

VERDICT = "x-probe-verdict"
JSON = "application/json"
TEXT = "text/plain"
HTML = "text/html"
PARAMETERS = ("path", "target")
CREDENTIALS = frozenset({"code", "subscription-key"})
"""Query parameters of the Functions host and of API Management, which are no business of this route."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What to sweep; `target` is `None` for all targets of the path."""

    path: str
    target: str | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The route, and the sweeps that are under way for it."""

    settings: Settings | Unusable
    surroundings: Callable[[], Surroundings]
    running: dict[Question, asyncio.Task[Sweep]] = field(default_factory=dict)

    async def answer(self, request: func.HttpRequest, correlation_id: str) -> func.HttpResponse:
        """200 with the sweep whatever its verdict, which is in the body and in `x-probe-verdict`; raises Problem."""
        if isinstance(self.settings, Unusable):
            raise Problem(
                Reason.MISCONFIGURED, *(Wrong(key=fault.key, allowed=fault.allowed) for fault in self.settings.faults)
            )
        question = question_of(request.params, self.settings.paths)
        evidence = observed(self.settings.paths[question.path], request.headers)
        joined = question in self.running
        result = with_evidence(await self._sweep(question, self.settings), question, evidence)
        if not joined:
            telemetry.tell(result, trigger="diagnose")
        logger.info(
            "Diagnosed %s; sweep %s%s",
            telemetry.in_one_line(result),
            result.sweep_id,
            ", shared with another call" if joined else "",
            extra={"correlation.id": correlation_id},
        )
        return response_to(request, result)

    async def _sweep(self, question: Question, settings: Settings) -> Sweep:
        """The sweep that is under way for this question, or a new one."""
        task = self.running.get(question)
        if task is None:
            task = self.running[question] = asyncio.create_task(self._begin(question, settings))
            task.add_done_callback(lambda _: self.running.pop(question))
        # One caller's end is not the others'.
        return await asyncio.shield(task)

    async def _begin(self, question: Question, settings: Settings) -> Sweep:
        # In a thread: it reads files.
        surroundings = await asyncio.to_thread(self.surroundings)
        return await sweep(
            settings.paths[question.path],
            surroundings,
            targets=None if question.target is None else (question.target,),
            deadline_s=settings.diagnose_deadline_s,
        )


def question_of(params: Mapping[str, str], paths: Mapping[str, Path]) -> Question:
    """What the query asks for.

    Raises:
        Problem: a parameter that there is none of, a name that is not configured, or a path left open.
    """
    unknown = [name for name in params if name not in PARAMETERS and name.lower() not in CREDENTIALS]
    if unknown:
        # Its value stays out of the answer: it may be a key under a misspelt name.
        allowed = f"no parameters but {' and '.join(PARAMETERS)}"
        raise Problem(Reason.REQUEST_INVALID, *(Wrong(key=name, allowed=allowed) for name in unknown))
    if "path" not in params and len(paths) > 1:
        raise Problem(Reason.PATH_REQUIRED, Wrong(key="path", allowed=_listed(paths)))
    path = paths.get(params.get("path", next(iter(paths))))
    if path is None:
        raise Problem(Reason.UNKNOWN_NAME, Wrong(key="path", value=params["path"], allowed=_listed(paths)))
    target = params.get("target")
    if target is not None and path.target(target) is None:
        names = (known.name for known in path.targets)
        raise Problem(Reason.UNKNOWN_NAME, Wrong(key="target", value=target, allowed=_listed(names)))
    return Question(path=path.name, target=target)


def with_evidence(result: Sweep, question: Question, evidence: tuple[Exchange, ...]) -> Sweep:
    """The sweep judged again with what the caller brought along: a shared sweep is the same for all, that is not."""
    if not evidence:
        return result
    observations = (*result.observations, *evidence)
    among = None if question.target is None else {question.target}
    judgement = judge(result.path, observations, started_at=result.started_at, among=among)
    return replace(result, observations=observations, judgement=judgement)


def response_to(request: func.HttpRequest, result: Sweep) -> func.HttpResponse:
    """The sweep in the form that the caller prefers, JSON where that is left open."""
    accepted = parse_accept_header(request.headers.get("accept"), MIMEAccept)
    headers = {
        "Cache-Control": "no-store",
        "Vary": "Accept",
        VERDICT: result.judgement.verdict.value,
        "X-Content-Type-Options": "nosniff",
    }
    match accepted.best_match([JSON, TEXT, HTML], default=JSON):
        case "text/plain":
            from probes.tell.text import as_text  # noqa: PLC0415 - it imports rich, which most instances never need

            body, form = as_text(result), TEXT
        case "text/html":
            from probes.tell.page import POLICY, as_page  # noqa: PLC0415 - most instances are never asked for it

            body, form = as_page(result), HTML
            headers["Content-Security-Policy"] = POLICY
        case _:
            body, form = dumps(result), JSON
    return func.HttpResponse(body, headers=headers, mimetype=form, charset="utf-8")


def _listed(names: Iterable[str]) -> str:
    return f"one of {', '.join(names)}"
