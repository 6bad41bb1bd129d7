"""One HTTP call from its request to its answer: a correlation id, and no error left unanswered."""

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable

import azure.functions as func

from probes.app.problem import Problem, Reason

HEADER = "x-correlation-id"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,128}")
"""Harmless in logs, headers and queries; two headers arrive joined with a comma, and so are not taken."""

logger = logging.getLogger(__name__)

Operation = Callable[[func.HttpRequest, str], Awaitable[func.HttpResponse]]
"""What a route does: the request and its correlation id to the answer; raises Problem."""


async def answer(request: func.HttpRequest, operation: Operation) -> func.HttpResponse:
    """What the operation returns, or the problem it raises; either way with the correlation id.

    Nothing is raised. An exception would leave the caller with an empty 500 and without the id that finds its record,
    and CancelledError with no answer at all until the function's time limit.
    """
    correlation_id = correlation_of(request)
    try:
        response = await operation(request, correlation_id)
    except Problem as problem:
        response = problem.response(correlation_id)
    except asyncio.CancelledError:
        response = Problem(Reason.INTERRUPTED).response(correlation_id)
    except Exception:
        logger.exception("The call failed", extra={"correlation.id": correlation_id})
        response = Problem(Reason.INTERNAL_ERROR).response(correlation_id)
    response.headers[HEADER] = correlation_id
    return response


def correlation_of(request: func.HttpRequest) -> str:
    """The caller's correlation id where it is well formed, a new one otherwise."""
    offered = request.headers.get(HEADER)
    return offered if offered is not None and WELL_FORMED.fullmatch(offered) else str(uuid.uuid4())
