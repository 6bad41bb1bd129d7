"""The messages between host and worker, as the worker library takes them: plain objects in place of protobuf's."""

from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """A message: whatever it was constructed with."""


class TypedData:
    """A value of one of several kinds. It must have no attribute of its own name: the library looks for one first."""

    def __init__(self, **kind: Any) -> None:
        """One keyword names the kind; none is the empty value."""
        self._kind = next(iter(kind), None)
        self.__dict__.update(kind)

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """The kind of the value."""
        return self._kind


class StatusResult(Message):
    """Outcome of a call to the worker."""

    Failure = 0
    Success = 1


class BindingInfo(Message):
    """One binding of a function; `in` is a keyword, hence the odd spelling."""

    inout = 2
    undefined = 0
    locals()["in"] = 0
    out = 1


PROTOS = SimpleNamespace(
    TypedData=TypedData,
    StatusResult=StatusResult,
    BindingInfo=BindingInfo,
    FunctionLoadResponse=Message,
    FunctionMetadataResponse=Message,
    InvocationResponse=Message,
    ParameterBinding=Message,
    RpcException=Message,
    RpcFunctionMetadata=Message,
    RpcHttp=Message,
    RpcRetryOptions=Message,
    WorkerInitResponse=Message,
    WorkerMetadata=Message,
)
"""The constructors that the library looks up."""


class InputData(Message):
    """One value that a function is called with."""

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        """Always the data itself, never a reference to shared memory."""
        return "data"


def request(**fields: Any) -> Message:
    """A call to a handler of the worker."""
    return Message(request=Message(**fields), properties={"host": "127.0.0.1", "protos": PROTOS})
