"""One HTTP call from its request to its answer: a correlation id, a request record, and no error left unanswered."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import azure.functions as func
from opentelemetry import trace

from orders_api import correlation
from orders_api.problem import Problem, Reason

Operation = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]

logger = logging.getLogger(__name__)
tracer = trace.get_tracer("orders_api")


async def answer(request: func.HttpRequest, route: str, operation: Operation) -> func.HttpResponse:
    """What the operation returns, or the problem it raises; either way with the correlation id.

    The span is a child of the host's, whose trace context the worker has attached. Its attributes follow the semantic
    conventions for HTTP servers, without the query: a function key may be in it.
    """
    url = urlsplit(request.url)
    attributes = {
        "http.request.method": request.method,
        "http.route": route,
        "url.scheme": url.scheme,
        "url.path": url.path,
        "server.address": url.hostname or "",
    }
    with (
        correlation.of_call(request.headers.get(correlation.HEADER)) as correlation_id,
        tracer.start_as_current_span(
            f"{request.method} {route}",
            kind=trace.SpanKind.SERVER,
            attributes=attributes,
        ) as span,
    ):
        try:
            response = await operation(request)
        except Problem as problem:
            response = _told(problem, span, correlation_id)
        except Exception:
            # Left to the host, the caller would get an empty 500 without the id that finds this record.
            logger.exception("The call failed")
            response = _told(Problem(Reason.INTERNAL_ERROR), span, correlation_id)
        response.headers[correlation.HEADER] = correlation_id
        span.set_attribute("http.response.status_code", response.status_code)
        return response


def _told(problem: Problem, span: trace.Span, correlation_id: str) -> func.HttpResponse:
    """The problem as an answer, and on the request record; only what is the server's own fault makes that an error."""
    own_fault = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    span.set_attribute("orders.reason", problem.reason)
    if own_fault:
        span.set_attribute("error.type", problem.reason)
        span.set_status(trace.StatusCode.ERROR)
    logger.log(logging.ERROR if own_fault else logging.INFO, "Not served: %s", problem.reason)
    return problem.response(correlation_id)
