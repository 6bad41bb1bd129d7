"""Asks Azure Resource Manager: each question once a sweep, a few at a time, within the time of a step."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from probes.azure.answer import ReadError
from probes.azure.question import Question
from probes.azure.rest import SHORTEST_PAUSE_S, Rest
from probes.azure.table import array, table, wrong
from probes.failure import Failure
from probes.observe.notebook import Limit, Notebook
from probes.records import Step

MOST_AT_ONCE = 8
MOST_PAGES = 20
"""Of a list: what has more is not read to its end, and so not told as if it were whole."""
MOST_ITEMS = 10_000
LARGEST_ANSWER_BYTES = 8 * 1024 * 1024
FIRST_POLL_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a question.

    Attributes:
        status: of the last answer, `None` where none came.
        value: what the answer comes to, `None` where there is a failure.
    """

    started_ms: float
    ended_ms: float
    status: int | None
    failure: Failure | None
    detail: str | None
    value: Any


@dataclass(slots=True, kw_only=True)
class Reader:
    """The questions of one sweep, and what became of each.

    Attributes:
        refusal: no token can be had, or no answer: every question comes to this, and is not asked.
    """

    rest: Rest
    notebook: Notebook
    refusal: Result | None = None
    _answered: bool = False
    _first: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked: dict[str, asyncio.Task[Result]] = field(default_factory=dict)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))

    async def sign_in(self) -> None:
        """Get the one token for all reads."""
        limit = self.notebook.limit(Step.TOKEN)
        found = await self._done(limit, self._token)
        self.refusal = None if found.failure is None else found

    async def result(self, question: Question) -> Result:
        """What became of the question; who asks again gets the same."""
        if self.refusal is not None:
            return self.refusal
        task = self._asked.get(question.key)
        if task is None:
            task = self._asked[question.key] = asyncio.create_task(self._read(question))
        return await task

    async def tested(self, question: Question, body: dict[str, Any], limit: Callable[[], Limit]) -> Result:
        """The result of an operation that takes its time: posted once, asked for until it is there."""
        if self.refusal is not None:
            return self.refusal
        task = self._asked.get(question.key + question.name)
        if task is None:
            work = self._done(limit(), lambda ends_s: self._operation(question, body, ends_s))
            task = self._asked[question.key + question.name] = asyncio.create_task(work)
        return await task

    async def aclose(self) -> None:
        """End what nobody waits for any more."""
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _read(self, question: Question) -> Result:
        # The first goes alone: in a network without a way out, each of thirty would take its whole time in vain.
        async with self._first:
            if not self._answered and self.refusal is None:
                result = await self._timed(question)
                self._answered = result.status is not None
                self.refusal = None if self._answered else result
                return result
        if self.refusal is not None:
            return self.refusal
        async with self._slots:
            return await self._timed(question)

    async def _timed(self, question: Question) -> Result:
        """Its time begins when its turn has come."""
        every = self._items if question.listed else self._one
        return await self._done(self.notebook.limit(Step.READ), lambda ends_s: every(question, ends_s))

    async def _done(self, limit: Limit, work: Callable[[float], Any]) -> Result:
        """What comes of the work within the limit."""
        started_ms = self.notebook.elapsed_ms()
        status, value, failure, detail = None, None, None, None
        try:
            status, value = await begun(limit, work)
        except ReadError as error:
            status, failure, detail = error.status, error.failure, error.detail
            if failure is Failure.TIMEOUT:
                failure = limit.overrun
        except RecursionError:
            failure, detail = Failure.MALFORMED_RESPONSE, "the answer is nested too deep"
        return Result(
            started_ms=started_ms,
            ended_ms=self.notebook.elapsed_ms(),
            status=status,
            failure=failure,
            detail=detail,
            value=value,
        )

    async def _token(self, ends_s: float) -> tuple[None, None]:
        try:
            async with asyncio.timeout_at(ends_s):
                await self.rest.token()
        except TimeoutError:
            raise ReadError(Failure.TIMEOUT, "no token in time") from None
        return None, None

    async def _one(self, question: Question, ends_s: float) -> tuple[int, Any]:
        found = await self.rest.ask("GET", question.path, within_s=self._left_s(ends_s))
        if found.document is None:
            raise ReadError(Failure.MALFORMED_RESPONSE, "the answer is empty", status=found.status)
        return found.status, parsed(question, found.document, found.status)

    async def _items(self, question: Question, ends_s: float) -> tuple[int, Any]:
        """The items of all pages, as one list."""
        items: list[Any] = []
        path = question.path
        for _ in range(MOST_PAGES):
            found = await self.rest.ask("GET", path, within_s=self._left_s(ends_s))
            try:
                page = table(found.document)
                if "value" not in page.content:  # nothing of a list that is none must be told as an empty one
                    raise wrong("value", "there")
                items += array(page.content["value"], "value")
                following = page.text("nextLink")
                if following is None:
                    return found.status, parsed(question, items, found.status)
                path = self.rest.path_here(following)
            except ReadError as error:
                raise ReadError(error.failure, error.detail, status=found.status) from None
            if len(items) > MOST_ITEMS:
                break
        raise ReadError(Failure.UNKNOWN, f"a list of more than {MOST_PAGES} pages", status=found.status)

    async def _operation(self, question: Question, body: dict[str, Any], ends_s: float) -> tuple[int, Any]:
        """Posted, then asked for where the answer says, as often as it says (ARM's asynchronous operations)."""
        found = await self.rest.ask("POST", question.path, body=body, within_s=self._left_s(ends_s))
        while found.status == 202:  # noqa: PLR2004 - Accepted
            if found.location is None:
                raise ReadError(Failure.MALFORMED_RESPONSE, "202 without a Location", status=found.status)
            try:
                path = self.rest.path_here(found.location)
            except ReadError as error:
                raise ReadError(error.failure, error.detail, status=found.status) from None
            wait_s = FIRST_POLL_S if found.retry_after_s is None else max(found.retry_after_s, SHORTEST_PAUSE_S)
            if wait_s >= self._left_s(ends_s):
                raise ReadError(Failure.TIMEOUT, "the test has not ended in time", status=found.status)
            await asyncio.sleep(wait_s)
            found = await self.rest.ask("GET", path, within_s=self._left_s(ends_s))
        return found.status, parsed(question, found.document, found.status)

    def _left_s(self, ends_s: float) -> float:
        return max(ends_s - asyncio.get_running_loop().time(), 0.0)


async def begun(limit: Limit, work: Callable[[float], Any]) -> Any:
    """The work, given the time on the loop's clock at which it must end; raises ReadError where that is past."""
    if limit.spent:
        raise ReadError(limit.overrun, None)
    return await work(asyncio.get_running_loop().time() + limit.seconds)


def parsed(question: Question, document: Any, status: int) -> Any:
    """What the answer comes to; raises ReadError with its status."""
    try:
        return question.content(document)
    except ReadError as error:
        raise ReadError(error.failure, error.detail, status=status) from None
