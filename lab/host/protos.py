"""The messages between host and worker, under the names by which the worker library looks them up in this module.

They stand for the classes that protobuf would generate from FunctionRpc.proto: only the fields that are read on either
side, with protobuf's insistence on types where a function's answer could break it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """A message whose fields are whatever it is made with."""


class TypedData:
    """A value of one of several kinds, or of none.

    It must never have an attribute of its own name: the library looks for that one first.
    """

    KINDS: Mapping[str, type] = {"string": str, "json": str, "bytes": bytes, "int": int, "double": float}

    def __init__(self, **value: Any) -> None:
        """One keyword names the kind; none is the empty value.

        Raises:
            TypeError: the value is not of its kind, or there are two.
        """
        if len(value) > 1:
            raise TypeError(f"TypedData: one kind at most, not {', '.join(value)}")
        for kind, content in value.items():
            if not isinstance(content, self.KINDS.get(kind, object)):
                raise TypeError(f"TypedData.{kind}: a {type(content).__name__} is none")
        self._kind = next(iter(value), None)
        self.__dict__.update(value)

    def __getattr__(self, kind: str) -> Any:
        """A kind that the value is not of."""
        raise AttributeError(f"TypedData is {self._kind}, not {kind}")

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """The kind of the value."""
        return self._kind


@dataclass(kw_only=True)
class RpcHttp:
    """A request or, with a status code, an answer."""

    body: TypedData
    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    status_code: str = ""
    cookies: None = None
    enable_content_negotiation: bool = False

    def __post_init__(self) -> None:
        """Raises TypeError where a header is no text: protobuf's maps are of strings."""
        for name, value in self.headers.items():
            if not all(isinstance(text, str) for text in (name, value)):
                raise TypeError(f"RpcHttp.headers: {name!r} is not of strings")


@dataclass(kw_only=True)
class ParameterBinding:
    """One value that a function is called with, or gives beside its return value."""

    name: str
    data: TypedData

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        """Always the data itself, never a reference to shared memory."""
        return "data"


@dataclass(kw_only=True)
class RpcException:
    """What a function, or the import of the app, raised."""

    message: str
    stack_trace: str


@dataclass(kw_only=True)
class StatusResult:
    """How a call to the worker ended."""

    Failure = 0
    Success = 1
    status: int
    exception: RpcException | None = None


@dataclass(kw_only=True)
class RpcFunctionMetadata:
    """One function as indexed; its bindings are JSON texts."""

    name: str
    function_id: str
    raw_bindings: list[str]
    directory: str
    script_file: str
    entry_point: str
    language: str
    bindings: Mapping[str, Any]
    properties: Mapping[str, str]
    retry_options: Any
    managed_dependency_enabled: bool
    is_proxy: bool


class BindingInfo(Message):
    """One binding of a function."""

    undefined = 0
    out = 1
    inout = 2


@dataclass(kw_only=True)
class InvocationResponse:
    """How a run ended, and what the function returned."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: list[ParameterBinding] = field(default_factory=list)


class FunctionLoadResponse(Message):
    """The worker has a function ready."""


class FunctionMetadataResponse(Message):
    """The functions of the app."""


class RpcRetryOptions(Message):
    """A retry policy."""


class WorkerInitResponse(Message):
    """The worker has indexed the app, or has not."""


class WorkerMetadata(Message):
    """Versions of the worker."""
