"""Microsoft's worker library in this process, driven as the host drives it.

One app a process: the library imports the app by the name `function_app`, and its registry and the OpenTelemetry
providers are globals.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import azure_functions_runtime as runtime

from lab.host.protos import InputData, Message, StatusResult, TypedData, request


class IndexingError(Exception):
    """The worker cannot make functions of the app: every route is lost."""


class InvocationError(Exception):
    """The function raised; the message and the stack are the worker's."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function as indexed.

    Attributes:
        trigger: its trigger binding, as the app's decorators put it.
    """

    id: str
    name: str
    trigger: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class HttpInput:
    """A request as the host hands it over: names in lower case, one value each."""

    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class HttpOutput:
    """What a function answers."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def index(folder: Path) -> list[Function]:
    """The functions of the app in a folder, by name as the host orders them.

    Raises:
        IndexingError: an import, a binding or a duplicate name is wrong.
    """
    sys.path.insert(0, str(folder))
    runtime.start_threadpool_executor()
    init = request(worker_init_request=Message(capabilities={}, function_app_directory=str(folder)))
    reply = await runtime.worker_init_request(init)
    if reply.result.status == StatusResult.Failure:
        raise IndexingError(f"{reply.result.exception.message}\n{reply.result.exception.stack_trace}")
    metadata = await runtime.functions_metadata_request(request())
    found = metadata.function_metadata_results or []
    functions = [Function(id=one.function_id, name=one.name, trigger=trigger(one.raw_bindings)) for one in found]
    for function in functions:
        await runtime.function_load_request(request(function_load_request=Message(function_id=function.id)))
    return sorted(functions, key=lambda function: function.name.lower())


def trigger(raw_bindings: list[str]) -> Mapping[str, Any]:
    """The trigger among the bindings of a function."""
    bindings = [json.loads(raw) for raw in raw_bindings]
    found: Mapping[str, Any] = next(binding for binding in bindings if binding["type"].lower().endswith("trigger"))
    return found


async def run_http(function: Function, http: HttpInput, *, trace_parent: str, trace_state: str) -> HttpOutput | None:
    """The function's answer, `None` where it returned what is none; raises InvocationError."""
    data = TypedData(
        http=Message(
            method=http.method,
            url=http.url,
            headers=dict(http.headers),
            params=dict(http.params),
            query=dict(http.query),
            body=TypedData(bytes=http.body) if http.body else TypedData(),
        )
    )
    returned = await _run(function, data, trace_parent=trace_parent, trace_state=trace_state)
    match returned.WhichOneof("data") if isinstance(returned, TypedData) else None:
        case "http":
            answer: Any = returned.http
            body = answer.body
            content = getattr(body, body.WhichOneof("data") or "", b"") if body is not None else b""
            encoded = content.encode() if isinstance(content, str) else bytes(content)
            return HttpOutput(status=int(answer.status_code), headers=answer.headers, body=encoded)
        case "string":
            headers = {"content-type": "text/plain; charset=utf-8"}
            return HttpOutput(status=200, headers=headers, body=str(returned.string).encode())
    return None


async def run_timer(function: Function, payload: Mapping[str, Any]) -> None:
    """Run a timer function; raises InvocationError. The host gives timers no trace context."""
    await _run(function, TypedData(json=json.dumps(payload)), trace_parent="", trace_state="")


async def _run(function: Function, data: TypedData, *, trace_parent: str, trace_state: str) -> Any:
    call = request(
        invocation_request=Message(
            invocation_id=str(uuid4()),
            function_id=function.id,
            input_data=[InputData(name=function.trigger["name"], data=data)],
            trigger_metadata={},
            trace_context=Message(trace_parent=trace_parent, trace_state=trace_state, attributes={}),
            retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
        )
    )
    # A task of its own, as the dispatcher makes: the handler attaches the trace context and never detaches it.
    reply = await asyncio.create_task(runtime.invocation_request(call))
    if reply.result.status == StatusResult.Failure:
        raise InvocationError(f"{reply.result.exception.message}\n{reply.result.exception.stack_trace}")
    return reply.return_value
