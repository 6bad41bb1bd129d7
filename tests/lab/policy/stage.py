"""Policies run on what a vector says: the caller's request, the answers of the world, the clock."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from lab.policy.message import Answer, Backend, Headers, Outgoing, Query, Request, phrase
from lab.policy.program import Document, Documents, Form, Program
from lab.policy.run import Accepted, Entity, Fault, LastError, Limit, Run, Scope
from tests.lab.policy.documents import GLOBAL

MEMBERS = {
    "id": "Id", "name": "Name", "path": "Path", "version": "Version", "revision": "Revision", "method": "Method",
    "url_template": "UrlTemplate", "region": "Region", "service_name": "ServiceName",
}  # fmt: skip
REQUEST: Mapping[str, Any] = {
    "method": "GET",
    "url": "https://api.internal.example.com/shop/orders/42",
    "headers": {},
    "body": None,
    "ip_address": "10.80.40.7",
}
DEFAULTS: Mapping[str, Any] = {
    "format": "rawxml",
    "api": {
        "id": "orders",
        "name": "Orders",
        "path": "shop",
        "service_url": "https://default-backend.example/svc",
    },
    "operation": {"id": "get-order", "name": "Get one order", "method": "GET", "url_template": "/orders/{id}"},
    "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "timestamp": "2026-05-01T10:00:00Z",
    "backend": [{"status": 200, "headers": {"Content-Type": ["application/json"]}, "body": '{"id":"42"}'}],
}


class Recorded:
    """The world of one vector: it answers what the vector says, and keeps what was sent."""

    def __init__(self, vector: Mapping[str, Any]) -> None:
        """At the vector's time."""
        self._vector = vector
        self._elapsed = timedelta()
        self._attempts: Counter[str | None] = Counter()
        self.sent: list[Outgoing] = []

    def now(self) -> datetime:
        """The vector's time, and what has passed since."""
        return datetime.fromisoformat(self._vector["timestamp"]) + self._elapsed

    def elapsed(self) -> timedelta:
        """It moves by the answers only."""
        return self._elapsed

    async def send(self, request: Outgoing) -> Answer:
        """The answer of this attempt; the last one stays."""
        self.sent.append(request)
        answers = (
            self._vector["backend"] if request.variable is None else self._vector["send_request"][request.variable]
        )
        answer = answers[min(self._attempts[request.variable], len(answers) - 1)]
        self._attempts[request.variable] += 1
        taken, limit = timedelta(milliseconds=answer.get("elapsed_ms", 0)), timedelta(seconds=request.timeout_s)
        self._elapsed += min(taken, limit)
        if taken > limit:
            raise Fault("Timeout", "The operation has timed out.")
        if "failure" in answer:
            raise Fault(answer["failure"]["reason"], answer["failure"]["message"])
        return Answer(
            status=answer["status"],
            reason=answer.get("reason", phrase(answer["status"])),
            headers=headers(answer.get("headers", {})),
            body=encoded(answer.get("body")),
        )

    async def token(self, resource: str, client_id: str | None) -> str:
        """The vector's token."""
        token = self._vector["tokens"][resource if client_id is None else f"{resource}|{client_id}"]
        if isinstance(token, Mapping):
            raise Fault("ManagedIdentityTokenFailure", token["failure"]["message"])
        return str(token)

    def admits(self, limit: Limit) -> bool:
        """The vector's verdict."""
        return bool(self._verdict(limit.policy) == "pass")

    def check_token(self, authorization: str | None, accepted: Accepted) -> None:  # noqa: ARG002 - a verdict is given
        """The vector's verdict."""
        verdict = self._verdict("validate-azure-ad-token")
        if isinstance(verdict, Mapping):
            raise Fault(verdict["reason"], verdict.get("message", ""))
        if verdict == "fail":
            raise Fault("TokenNotPresent", "JWT not present.")

    def _verdict(self, policy: str) -> Any:
        return self._vector.get("verdicts", {}).get(policy, "pass")


def program(vector: Mapping[str, Any]) -> Program:
    """The documents of a vector; raises PolicyError."""
    policies = {"global": GLOBAL, **vector["policies"]}
    return Program(
        Documents(
            policies={Scope(scope): Document(name=scope, text=text) for scope, text in policies.items()},
            fragments={name: Document(name=name, text=text) for name, text in vector.get("fragments", {}).items()},
            named_values=vector.get("named_values", {}),
            backends={name: Backend(url=each["url"]) for name, each in vector.get("backends", {}).items()},
            form=Form(vector["format"]),
        )
    )


async def outcome(given: Mapping[str, Any], ready: Program | None = None) -> dict[str, Any]:
    """What the policies of a vector did, in the words of a vector's expectation; raises PolicyError.

    `ready` runs in place of the vector's own policies.
    """
    vector = {**DEFAULTS, **given}
    ready, outside = ready or program(vector), Recorded(vector)
    run = begun(vector, outside)
    answer = await ready.run(run)
    return {
        "backend_requests": [shown(sent) for sent in outside.sent if sent.variable is None],
        "sent_requests": [
            {**shown(sent), "policy": sent.policy, "variable": sent.variable, "timeout_s": sent.timeout_s}
            for sent in outside.sent
            if sent.variable is not None
        ],
        "response": plain(answer),
        "variables": {name: plain(value) for name, value in run.variables.items()},
        "sections": [section.value for section in run.sections],
        "error": told(run.last_error),
        "error_in_on_error": told(run.error_in_on_error),
        "trail": run.trail,
    }


def begun(vector: Mapping[str, Any], outside: Recorded) -> Run:
    """The call of a vector, before any policy."""
    request = {**REQUEST, **vector.get("request", {})}
    url = urlsplit(request["url"])
    path = url.path.removeprefix(f"/{vector['api']['path']}")
    return Run(
        request=Request(
            method=request["method"],
            path=path,
            query=Query(url.query),
            headers=headers(request["headers"]),
            body=encoded(request["body"]),
            ip_address=request["ip_address"],
            parameters=matched(vector["operation"].get("url_template", ""), path),
            backend=Backend(url=vector["api"]["service_url"]),
        ),
        request_id=UUID(vector["request_id"]),
        timestamp=datetime.fromisoformat(vector["timestamp"]),
        outside=outside,
        api=entity(vector["api"]),
        operation=entity(vector["operation"]),
        deployment=entity(vector.get("deployment") or {}),
        subscription=entity(vector["subscription"]) if vector.get("subscription") else None,
        product=entity(vector["product"]) if vector.get("product") else None,
    )


def entity(members: Mapping[str, str]) -> Entity:
    """What context shows, by the members' names in C#."""
    return Entity(members={MEMBERS[name]: value for name, value in members.items() if name in MEMBERS})


def matched(template: str, path: str) -> Mapping[str, str]:
    """The parameters of an operation's template."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    found = re.fullmatch(pattern, path)
    return found.groupdict() if found else {}


def headers(given: Mapping[str, Iterable[str]]) -> Headers:
    """Headers of a vector."""
    return Headers((name, value) for name, values in given.items() for value in values)


def encoded(body: str | None) -> bytes | None:
    """A body of a vector."""
    return None if body is None else body.encode()


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Headers as a vector has them."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def shown(sent: Outgoing) -> dict[str, Any]:
    """A request that left the gateway."""
    certificate = {} if sent.certificate is None else {"client_certificate": {"certificate_id": sent.certificate}}
    body = None if sent.body is None else sent.body.decode()
    return {"method": sent.method, "url": sent.url, "headers": grouped(sent.headers), "body": body, **certificate}


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Answer):
        body = None if value.body is None else value.body.decode()
        return {"status": value.status, "reason": value.reason, "headers": grouped(value.headers.pairs), "body": body}
    return value if value is None or isinstance(value, str | int | float) else str(value)


def told(error: LastError | None) -> dict[str, Any] | None:
    """An error as a vector has it."""
    if error is None:
        return None
    names = ("source", "reason", "section", "scope", "policy_id", "message")
    return {name: getattr(error, name) for name in names}
