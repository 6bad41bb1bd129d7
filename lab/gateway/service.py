"""API Management as infra/ deploys it: its host names, its APIs, and the very policies of theirs.

It stands for what a caller and the gateway's log show, not for the product. Subscriptions are not asked for: the lab's
APIs are deployed with callersNeedSubscription off.
"""

import json

from lab import forward, pages
from lab.gateway.apis import Api, Operation, published
from lab.gateway.call import CALLER, Call, GatewayLog, Surroundings
from lab.gateway.limits import Limits
from lab.http import Request, Response
from lab.policy import message
from lab.policy.deployed import documents
from lab.policy.message import Headers, Query
from lab.policy.program import Program
from lab.policy.run import Entity, LastError, Run
from lab.world import Gateway

UNSET = "https://not-set.invalid"
"""Service URL of an imported API that has none of its own: its policies set the backend."""
SERVICE = Entity(members={"Region": "West Europe", "ServiceName": "apim-internal-prod"})


class ApiManagement:
    """The handler of one listener that serves a gateway."""

    def __init__(
        self, gateway: Gateway, *, surroundings: Surroundings, log: GatewayLog, apis: tuple[Api, ...] | None = None
    ) -> None:
        """Serve the gateway; `log` takes a row for every call, `apis` stand in place of those that are published.

        Raises:
            PolicyError: a policy cannot be run.
        """
        self._hosts = {host.lower() for host in gateway.hosts}
        self._surroundings = surroundings
        self._log = log
        self._limits = Limits(gateway.spent)
        self._apis = published() if apis is None else apis
        self._service_urls = gateway.service_urls
        self._programs = {
            (api.name, operation): Program(
                documents(
                    gateway.policies,
                    api.name,
                    named_values=gateway.named_values,
                    backends=gateway.backends,
                    operation=operation,
                )
            )
            for api in self._apis
            for operation in (None, *(each.id for each in api.operations))
            if operation is None or f"{api.name}/{operation}.xml" in gateway.policies
        }

    async def __call__(self, request: Request) -> Response:
        """Answer one call."""
        call = Call(request=request, surroundings=self._surroundings, limits=self._limits)
        response = pages.dated(await self._answer(call))
        self._log.append(call.row(response))
        return response

    async def _answer(self, call: Call) -> Response:
        host = (call.request.header("host") or "").partition(":")[0].lower()
        for api in self._apis:
            path = api.below(call.request.path)
            if path is None or host not in self._hosts:
                continue
            for operation in api.operations:
                parameters = operation.parameters(call.request.method, path)
                if parameters is not None:
                    url = self._service_urls.get(api.name, UNSET)
                    return await self._run(call, begun(call, api, operation, path, dict(parameters), service_url=url))
        # Whether policies of the global scope see such a call is not documented.
        call.failed(
            LastError(
                source="configuration",
                reason="OperationNotFound",
                message="Unable to match incoming request to an operation.",
                section="backend",
            )
        )
        body = json.dumps({"statusCode": 404, "message": "Resource not found"}).encode("ascii")
        return Response(404, reason="Resource not found", headers=(("Content-Type", "application/json"),), body=body)

    async def _run(self, call: Call, run: Run) -> Response:
        own = (call.api or "", call.operation)
        answer = await self._programs[own if own in self._programs else (own[0], None)].run(run)
        if run.last_error is not None:
            call.failed(run.last_error)
        # The length of the backend's body need not be that of the answer's; of an answer to HEAD it is all there is.
        kept = [
            pair for pair in answer.headers.pairs if pair[0].lower() != "content-length" or run.request.method == "HEAD"
        ]
        return Response(answer.status, reason=answer.reason, headers=tuple(kept), body=answer.body or b"")


def begun(
    call: Call, api: Api, operation: Operation, path: str, parameters: dict[str, str], *, service_url: str
) -> Run:
    """The call before any policy."""
    call.api, call.operation = api.name, operation.id
    request = call.request
    return Run(
        request=message.Request(
            method=request.method,
            path=path,
            query=Query(request.query),
            headers=Headers(forward.end_to_end(request.headers)),
            body=request.body or None,
            ip_address=CALLER,
            parameters=parameters,
            backend=message.Backend(url=service_url),
        ),
        request_id=call.request_id,
        timestamp=call.started_at,
        outside=call,
        api=Entity(members={"Id": api.name, "Name": api.title, "Path": api.path}),
        operation=Entity(members={"Id": operation.id, "Method": operation.method, "UrlTemplate": operation.template}),
        deployment=SERVICE,
    )
