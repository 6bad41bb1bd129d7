"""Microsoft's worker library in this process, called as the Python proxy worker calls it.

One app a process: the library imports the app under the name `function_app`, and its registry and the OpenTelemetry
providers are globals.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import azure_functions_runtime as runtime

from lab.host import protos
from lab.host.protos import InvocationResponse, Message, ParameterBinding, RpcException, StatusResult, TypedData
from lab.host.trace import NO_TRACE, Trace


class IndexingError(Exception):
    """The worker cannot make functions of the app, and so all of them are lost; the text ends with the stack."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function as indexed.

    Attributes:
        trigger: its trigger binding, as the app's decorators put it; `%NAME%` is not resolved.
    """

    id: str
    name: str
    trigger: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The type of its trigger, `httpTrigger` for one."""
        return str(self.trigger["type"])


class Worker:
    """The library, and the invocations under way."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._running: set[asyncio.Task[InvocationResponse]] = set()

    async def index(self, folder: Path) -> list[Function]:
        """The functions of the app, whose folder must be on the import path.

        Raises:
            IndexingError: an import, a binding, an annotation or a duplicate name is wrong.
        """
        runtime.start_threadpool_executor()
        reply = await runtime.worker_init_request(
            _call(worker_init_request=Message(capabilities={}, function_app_directory=str(folder)))
        )
        if reply.result.status == StatusResult.Failure:
            error: RpcException = reply.result.exception
            raise IndexingError(f"{error.message}\n{error.stack_trace}")
        metadata = await runtime.functions_metadata_request(_call())
        # None where there is no function_app.py, and where it has no function.
        found: list[protos.RpcFunctionMetadata] = metadata.function_metadata_results or []
        for one in found:
            await runtime.function_load_request(_call(function_load_request=Message(function_id=one.function_id)))
        return [Function(id=one.function_id, name=one.name, trigger=_trigger(one.raw_bindings)) for one in found]

    def invoke(self, function: Function, value: TypedData, trace: Trace = NO_TRACE) -> asyncio.Task[InvocationResponse]:
        """Begin to run a function on what its trigger gives.

        The task is one of its own, as the proxy worker makes it: the library attaches the trace context and never
        detaches it.
        """
        call = _call(
            invocation_request=Message(
                invocation_id=str(uuid4()),
                function_id=function.id,
                input_data=[ParameterBinding(name=function.trigger["name"], data=value)],
                trigger_metadata={},
                trace_context=Message(trace_parent=trace.parent, trace_state=trace.state, attributes={}),
                retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
            )
        )
        task = asyncio.create_task(runtime.invocation_request(call))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def aclose(self, grace_s: float) -> None:
        """Let what runs come to its end, and cancel what has not by then."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        for task in self._running:
            task.cancel()


def _call(**fields: Any) -> Message:
    """A message to a handler of the library."""
    return Message(request=Message(**fields), properties={"host": "127.0.0.1", "protos": protos})


def _trigger(raw_bindings: list[str]) -> Mapping[str, Any]:
    bindings = [json.loads(raw) for raw in raw_bindings]
    found: Mapping[str, Any] = next(binding for binding in bindings if binding["type"].endswith("Trigger"))
    return found
