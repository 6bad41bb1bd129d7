"""One table of Azure Table Storage, called with the app's managed identity.

Every call ends within DEADLINE_S, retries included, or as a Problem: `store_denied` where the storage or the identity
says no, `store_unavailable` for everything else, and never a 500. Which it was, with the storage's own code and request
id, stands in one log record and on the span; the storage's own logs have the call's correlation id as ClientRequestId.

Retries are the app's own. The SDK waits for as long as a Retry-After asks, and does not repeat a POST whose connection,
kept from an earlier call, turns out to be dead. Here a POST may be repeated: it inserts, under the same keys each time.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables import TableEntity, TableErrorCode, TableTransactionError
from azure.data.tables.aio import TableClient
from opentelemetry import trace

from orders_api import correlation
from orders_api.app_identity import AppIdentity
from orders_api.problem import Problem, Reason
from orders_api.store_settings import StoreSettings
from orders_api.table_failure import code_of, hint_of, is_denied, is_transient

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 2
PAUSE_S = 0.2
"""Between the two tries of a call; after them a busy partition is left to the caller's own patience."""
DEADLINE_S = 5
"""Of one call, both tries and the token included: far below what the host and API Management allow a request.

Two tries that time out fit into it, so that the log can say what they waited for.
"""

SYSTEM = "azure.tables"
"""`db.system.name`; the semantic conventions have no name for Table Storage, and allow others."""
REQUEST_ID = "azure.service.request.id"
ERROR_CODE = "orders.error_code"
"""`error.type` once more: the exporter for Application Insights leaves that one out of a dependency record."""

logger = logging.getLogger(__name__)
tracer = trace.get_tracer("orders_api")

type Send[T] = Callable[[TableClient, Mapping[str, Any]], Awaitable[T]]
"""One request by a client, with options for its pipeline."""


class TableService:
    """The table. Its one client is made in the event loop of the first call, and closed when that loop ends."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._opening = asyncio.Lock()
        self._client: TableClient | None = None
        self._life: AsyncGenerator[TableClient] | None = None
        url = urlsplit(settings.endpoint)
        self._attributes: dict[str, str | int] = {
            "db.system.name": SYSTEM,
            "db.collection.name": settings.table,
            "server.address": url.hostname or "",
        } | ({"server.port": url.port} if url.port else {})

    async def insert(self, *entities: Mapping[str, Any]) -> bool:
        """All of these entities or, where one of their keys is taken, none of them: False.

        They must lie in one partition (an entity group transaction).
        """

        async def send(client: TableClient, options: Mapping[str, Any]) -> bool:
            try:
                written = await client.submit_transaction([("create", entity) for entity in entities], **options)
            except TableTransactionError as error:
                if code_of(error) == TableErrorCode.ENTITY_ALREADY_EXISTS:
                    return False
                raise
            if len(written) != len(entities):
                raise ValueError("the answer does not fit the transaction")
            return True

        return await self._call("EntityGroupTransaction", send)

    async def find(self, partition: str, row: str) -> TableEntity | None:
        """The entity of this key, if there is one."""

        async def send(client: TableClient, options: Mapping[str, Any]) -> TableEntity | None:
            try:
                return await client.get_entity(partition, row, **options)
            except ResourceNotFoundError as error:
                # A 404 of another kind, that there is no such table for one, does not answer the question.
                if code_of(error) in {TableErrorCode.RESOURCE_NOT_FOUND, TableErrorCode.ENTITY_NOT_FOUND}:
                    return None
                raise

        return await self._call("QueryEntity", send)

    async def between(self, partition: str, first: str, end: str, limit: int) -> list[TableEntity]:
        """At most `limit` entities whose row keys lie from `first` up to, not including, `end`, in their order."""

        async def send(client: TableClient, options: Mapping[str, Any]) -> list[TableEntity]:
            found: list[TableEntity] = []
            answers = client.query_entities(
                "PartitionKey eq @partition and RowKey ge @first and RowKey lt @end",
                parameters={"partition": partition, "first": first, "end": end},
                results_per_page=limit,
                **options,
            )
            # The service may answer with fewer than were asked for, and say that there are more.
            async for entity in answers:
                found.append(entity)
                if len(found) == limit:
                    break
            return found

        return await self._call("QueryEntities", send)

    async def aclose(self) -> None:
        """Closes the client; the next call makes another."""
        async with self._opening:
            life, self._life, self._client = self._life, None, None
            if life:
                await life.aclose()

    async def _call[T](self, operation: str, send: Send[T]) -> T:
        """What the request gives, under a span of its own.

        Operations are named as the storage's own logs name them.
        """
        request_ids = [""]
        options = {
            "request_id": correlation.current(),
            "raw_response_hook": lambda response: request_ids.append(
                response.http_response.headers.get("x-ms-request-id", "")
            ),
        }
        with tracer.start_as_current_span(
            f"{operation} {self._settings.table}",
            kind=trace.SpanKind.CLIENT,
            attributes=self._attributes | {"db.operation.name": operation},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                async with asyncio.timeout(DEADLINE_S):
                    return await self._twice(send, options)
            except Exception as error:  # of an answer that is no answer the SDK raises all kinds
                code = code_of(error)
                span.set_attributes({"error.type": code, "db.response.status_code": code, ERROR_CODE: code})
                span.set_status(trace.StatusCode.ERROR)
                raise self._problem(error, code, request_ids[-1]) from error
            finally:
                if request_ids[-1]:
                    span.set_attribute(REQUEST_ID, request_ids[-1])

    async def _twice[T](self, send: Send[T], options: Mapping[str, Any]) -> T:
        client = await self._opened()
        try:
            return await send(client, options)
        except AzureError as error:
            if not is_transient(error):
                raise
        await asyncio.sleep(PAUSE_S)
        return await send(client, options)

    async def _opened(self) -> TableClient:
        async with self._opening:
            if self._client is None:
                self._life = self._live()
                self._client = await anext(self._life)
            return self._client

    async def _live(self) -> AsyncGenerator[TableClient]:
        """Yields the client. The worker tells nobody that it ends, but its loop closes generators (asyncio.run)."""
        # Two records a call, which say nothing that the span and the app's own record do not.
        for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity"):
            logging.getLogger(name).setLevel(logging.WARNING)
        transport = AioHttpTransport(
            connection_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            use_env_settings=False,  # no proxy leads to a private endpoint
        )
        async with (
            AppIdentity(client_id=self._settings.client_id) as credential,
            TableClient(
                self._settings.endpoint,
                self._settings.table,
                credential=credential,
                transport=transport,
                retry_total=0,
            ) as client,
        ):
            yield client

    def _problem(self, error: Exception, code: str, request_id: str) -> Problem:
        """What the caller is told, after it was logged."""
        logger.error(
            "The table %s does not serve: %s, HTTP status %s, x-ms-request-id %s",
            *(self._settings.table, f"{code}{hint_of(code)}", getattr(error, "status_code", None), request_id or None),
            # With a stack only what is neither the SDK's nor the network's word: that is somebody's mistake.
            exc_info=None if isinstance(error, AzureError | TimeoutError | OSError) else error,
        )
        return Problem(Reason.STORE_DENIED if is_denied(error) else Reason.STORE_UNAVAILABLE)
