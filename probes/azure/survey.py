"""One walk over the resources of a path: what is asked, and where the answers are written down."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from probes.azure.question import Question
from probes.azure.reader import Reader, Result
from probes.observe.notebook import Mark
from probes.path import Target
from probes.records import Reading, Vantage
from probes.resources import Content


async def together(*walks: Coroutine[Any, Any, Any]) -> list[Any]:
    """What the walks bring, gone at the same time, in their order."""
    return await asyncio.gather(*walks)


@dataclass(slots=True, kw_only=True)
class Survey:
    """What is asked, and, the second time, written down.

    Attributes:
        writing: this is the second time: all answers are there.
    """

    reader: Reader
    writing: bool
    _written: set[str] = field(default_factory=set)

    async def ask(self, target: Target, question: Question) -> Any:
        """What the answer comes to, `None` where there is none; either is written down."""
        result = await self.reader.result(question)
        self.write(target, question, result)
        return result.value

    def write(
        self,
        target: Target,
        question: Question,
        result: Result,
        *,
        content: Content | None = None,
        vantage: Vantage | None = None,
    ) -> None:
        """Write a result down, once a sweep; `content` is given where it is more than the answer alone comes to.

        Without a token there is one record that says so, and not one a question.
        """
        key = question.key if vantage is None else f"{question.key}#{question.name}"
        if not self.writing or key in self._written or (self.reader.refusal is not None and self._written):
            return
        self._written.add(key)
        value = result.value if content is None else content
        self.reader.notebook.write(
            Reading,
            Mark(target.name, 1, f"{target.name}/1/azure"),
            question.what,
            result.started_ms,
            ended_ms=result.ended_ms,
            failure=result.failure,
            detail=result.detail,
            vantage=vantage,
            resource_id=question.resource_id,
            kind=question.kind,
            status=result.status,
            content=value if result.failure is None else None,
        )
