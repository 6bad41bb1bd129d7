"""Where the chain of one call ends, and the likely reason: rows that are read in order, the first that holds counts.

Pure. What is kept of a call can be late or missing without anything being wrong with the call itself, so a row that
rests on something *not* found says so, and names that as the other possibility.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from probes.trace.records import Hop, Trace

CONNECTION_FAILURE = "BackendConnectionFailure"
CALLER_GONE = "ClientConnectionFailure"
TIMEOUT = "Timeout"
REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
REASON = "orders.reason"
"""Custom dimension in which the orders app says why it did not serve a call."""
PLATFORM: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "App Service authentication",
    HTTPStatus.FORBIDDEN: "a public path, an access restriction or a stopped app",
    HTTPStatus.NOT_FOUND: "a host name that is not bound, or a route that does not exist",
    HTTPStatus.BAD_GATEWAY: "a worker that does not answer",
    HTTPStatus.SERVICE_UNAVAILABLE: "a Functions host that does not run, or a deployment",
}
"""Who answers in place of the app, by status."""
LATE = "Records arrive minutes after the call: ask again before you take a missing one for lost."
CHECK = "probes check --path FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One way in which a chain ends.

    Attributes:
        id: never changes its meaning.
        at: the last place where the call was seen, `None` = nobody can say.
        whole: every place that the call had to pass has a record, and the caller got the backend's own answer.
        says: the sentence, with `{words}` of the trace.
        look_at: what to do next, in order.
    """

    id: str
    at: Hop | None
    whole: bool = False
    holds: Callable[[Trace], bool]
    says: str
    look_at: tuple[str, ...] = ()


def ending(trace: Trace) -> Ending:
    """The first row that holds; the last one always does."""
    return next(row for row in ENDINGS if row.holds(trace))


def _code(trace: Trace) -> int | None:
    """Status that the backend recorded; 0 is what Application Insights has where there was none."""
    code = trace.request.code if trace.request else None
    return int(code) if code and code.isascii() and code.isdigit() and int(code) else None


def _reason(trace: Trace) -> str | None:
    return trace.call.error_reason if trace.call else None


def _backend_status(trace: Trace) -> int | None:
    return trace.call.backend_status if trace.call else None


def _unseen(trace: Trace) -> bool:
    return trace.call is None or trace.request is None


def _gateway_alone(trace: Trace) -> bool:
    """The gateway has a row, and the backend none."""
    return trace.call is not None and trace.request is None


def _backend_not_called(trace: Trace) -> bool:
    return _gateway_alone(trace) and _backend_status(trace) is None


def _answered(trace: Trace, *, served: bool) -> bool:
    """The gateway alone, with a status of the backend's."""
    status = _backend_status(trace)
    return _gateway_alone(trace) and status is not None and (status < HTTPStatus.BAD_REQUEST) is served


def _own_fault(trace: Trace) -> bool:
    return (_code(trace) or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR


def _declined(trace: Trace) -> bool:
    return HTTPStatus.BAD_REQUEST <= (_code(trace) or 0) < HTTPStatus.INTERNAL_SERVER_ERROR


def _differs(trace: Trace, status: int | None) -> bool:
    """The backend has recorded another status than this one."""
    return status is not None and _code(trace) not in {None, status}


ENDINGS: tuple[Ending, ...] = (
    Ending(
        id="partly-answered",
        at=None,
        holds=lambda trace: trace.partial and _unseen(trace),
        says="The workspace did not give all that it has of {id}, so nothing can be said of what was not found: {gap}",
        look_at=("Ask again, over less time: --since 1",),
    ),
    Ending(
        id="nothing-found",
        at=None,
        holds=lambda trace: trace.call is None and not trace.items,
        says="Nothing is kept of {id} in the last {searched}.",
        look_at=(
            LATE,
            "The id is the gateway's: x-gateway-request-id of the answer, else x-correlation-id; not a caller's own.",
            "API Management's diagnostic setting must send GatewayLogs to this workspace, in resource-specific tables.",
            "Search further back: --since 168",
        ),
    ),
    Ending(
        id="caller-went-away",
        at=Hop.GATEWAY,
        holds=lambda trace: _reason(trace) == CALLER_GONE,
        says="The caller closed the connection after {lasted}, before the gateway had answered.",
        look_at=("What the call waited for stands below; else the caller's own time limit is shorter than that.",),
    ),
    Ending(
        id="gateway-did-not-reach-backend",
        at=Hop.GATEWAY,
        holds=lambda trace: _gateway_alone(trace) and _reason(trace) == CONNECTION_FAILURE,
        says="The gateway could not connect to {backend_url}, or lost the connection: {message}",
        look_at=(f"{CHECK} tells name, TCP and TLS apart, for which API Management has one reason.",),
    ),
    Ending(
        id="gateway-did-not-wait",
        at=Hop.GATEWAY,
        holds=lambda trace: _gateway_alone(trace) and _reason(trace) == TIMEOUT,
        says="The gateway had no answer of {backend_url} after {waited}, and the backend has no record of the call.",
        look_at=(LATE, f"{CHECK} tells a backend that stalls from a connection that is blocked."),
    ),
    Ending(
        id="gateway-answered-itself",
        at=Hop.GATEWAY,
        holds=lambda trace: _backend_not_called(trace) and _reason(trace) is not None,
        says="The gateway answered {status} itself, without the backend: {reason} of {source} in {section}. {message}",
        look_at=("The policy statement named, and the subscription key, product and operation of the call.",),
    ),
    Ending(
        id="gateway-answered-alone",
        at=Hop.GATEWAY,
        holds=_backend_not_called,
        says="The gateway answered {status} without calling the backend, and no statement of its policy failed.",
        look_at=("A return-response or mock-response in the policy, or an answer from the cache.",),
    ),
    Ending(
        id="platform-answered",
        at=Hop.GATEWAY,
        holds=lambda trace: _answered(trace, served=False),
        says="The backend's address answered {backend_status}, and the app has no record of the call: its platform "
        "answered before the app was reached, its telemetry does not arrive, or the record is not there yet.",
        look_at=(
            LATE,
            "A platform's {backend_status} is that of {platform}.",
            f"{CHECK} tells which.",
        ),
    ),
    Ending(
        id="request-not-recorded",
        at=Hop.GATEWAY,
        holds=lambda trace: _answered(trace, served=True),
        says="The backend answered {backend_status}, and no request record has the id: its telemetry does not arrive, "
        "the id is lost on the way, something else answered, or the record is not there yet.",
        look_at=(
            LATE,
            "The policy must send its request id as x-correlation-id, and the app must put it on its request record.",
            "The app's connection string and role Monitoring Metrics Publisher; sampling drops records too.",
        ),
    ),
    Ending(
        id="gateway-timed-out-first",
        at=Hop.REQUEST,
        holds=lambda trace: _reason(trace) == TIMEOUT and trace.request is not None,
        says="{role} took {took} for {request}, and the gateway gave up after {waited}.",
        look_at=("What the request waited for stands below it; else raise `timeout` of forward-request.",),
    ),
    Ending(
        id="connection-broke",
        at=Hop.REQUEST,
        holds=lambda trace: _reason(trace) == CONNECTION_FAILURE and trace.request is not None,
        says="{role} took {request} and recorded {code}, and the gateway lost the connection before it had the answer: "
        "{message}",
        look_at=("An instance that ended in the middle: restart, scale-in, deployment, or out of memory.",),
    ),
    Ending(
        id="dependency-failed",
        at=Hop.DEPENDENCY,
        holds=lambda trace: _own_fault(trace) and trace.failed_dependency is not None,
        says="{role} answered {code}, and its call {dependency} failed.",
        look_at=("The dependency's own name, address, rights and logs; the same id stands in its requests.",),
    ),
    Ending(
        id="backend-raised",
        at=Hop.EXCEPTION,
        holds=lambda trace: _own_fault(trace) and bool(trace.of_request(Hop.EXCEPTION)),
        says="{role} answered {code}: {exception}",
        look_at=("The stack in AppExceptions.Details of this operation.",),
    ),
    Ending(
        id="backend-failed",
        at=Hop.REQUEST,
        holds=_own_fault,
        says="{role} answered {code} ({refusal}), and has no exception of it.",
        look_at=("The log records of this operation.",),
    ),
    Ending(
        id="backend-refused",
        at=Hop.REQUEST,
        holds=lambda trace: _code(trace) in REFUSALS,
        says="{role} refused the caller with {code}: {refusal}.",
        look_at=("Audience, issuer, client and role of the gateway's token against the app's settings.",),
    ),
    Ending(
        id="gateway-not-recorded",
        at=Hop.REQUEST,
        holds=lambda trace: trace.call is None and trace.request is not None,
        says="{role} served {request} with {code}, and the gateway has no row of it: the call came around the gateway, "
        "or its log is late or not sent here.",
        look_at=(LATE, "Who called: client address and token of the request; only the gateway should be let in."),
    ),
    Ending(
        id="request-not-found",
        at=Hop.LOG,
        holds=lambda trace: trace.request is None,
        says="There are records of the call, and neither a gateway row nor a request of the backend among them.",
        look_at=(LATE,),
    ),
    Ending(
        id="id-not-on-request",
        at=Hop.REQUEST,
        holds=lambda trace: trace.request is not None and not trace.request.carries_id,
        says="{role} has a request record of the same operation, but the id is not on it.",
        look_at=("The app must put the id on its request record, not on its logs only.",),
    ),
    Ending(
        id="answer-replaced",
        at=Hop.REQUEST,
        holds=lambda trace: _differs(trace, _backend_status(trace)),
        says="{role} recorded {code}, and the gateway got {backend_status}: something between them answered in its "
        "place.",
        look_at=("App Service's front end answers for an app that ends or stalls; so does a proxy on the way.",),
    ),
    Ending(
        id="answer-changed",
        at=Hop.REQUEST,
        holds=lambda trace: _differs(trace, trace.call.status if trace.call else None),
        says="{role} answered {code}, and the gateway answered {status}: its outbound or on-error section changed it.",
        look_at=("The gateway's row: {reason} of {source} in {section}.",),
    ),
    Ending(
        id="backend-declined",
        at=Hop.REQUEST,
        whole=True,
        holds=_declined,
        says="The gateway called {backend_url}, and {role} answered {request} with {code} in {took}: {refusal}.",
    ),
    Ending(
        id="complete",
        at=Hop.REQUEST,
        whole=True,
        holds=lambda _: True,
        says="The gateway called {backend_url}, and {role} served {request} with {code} in {took}.",
    ),
)
"""In the order in which they are asked: what says most about the call comes first."""
