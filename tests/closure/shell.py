"""A terminal of the operator's, beside a lab that is up."""

import asyncio
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab import surroundings_file
from lab.world import World
from probes.proof.document import dumps
from probes.proof.records import Proof
from probes.proof.run import prove
from probes.records import Vantage
from tests.closure.stage import Closures
from tests.commands.process import finished


@dataclass(kw_only=True)
class Shell:
    """A terminal of the operator's, beside a lab that is up."""

    closures: Closures
    folder: Path
    environment: Mapping[str, str]
    made: dict[tuple[timedelta, tuple[Vantage, ...]], str]

    @property
    def arguments(self) -> list[str]:
        """What every command takes."""
        return ["--path", str(self.folder / "path.json"), "--surroundings", str(self.folder / "surroundings.json")]

    async def close(self, *arguments: str, **streams: Any) -> subprocess.CompletedProcess[str]:
        """`probes close`, once it has ended."""
        return await asyncio.to_thread(
            finished, "close", *self.arguments, *arguments, environment=self.environment, **streams
        )

    async def become(self, world: World) -> None:
        """Another world, with the resolvers that it has."""
        await self.closures.replica.become(world)
        await asyncio.to_thread(surroundings_file.write, self.folder / "surroundings.json", self.closures.replica)

    async def proven(self, *vantages: Vantage, age: timedelta = timedelta()) -> Path:
        """A proof made that long ago, from these vantages, the last one being this machine's."""
        every = vantages or (Vantage.CLIENT, Vantage.PROBE)
        if (age, every) not in self.made:
            self.made[age, every] = dumps(await self._prove(every, age))
            self.closures.replica.control_plane.requests.clear()
        file = self.folder / "proof.json"
        await asyncio.to_thread(file.write_text, self.made[age, every], encoding="utf-8")
        return file

    async def _prove(self, vantages: tuple[Vantage, ...], age: timedelta) -> Proof:
        made: Proof | None = None
        for vantage in vantages:
            here = self.closures.replica.surroundings
            given = [] if made is None else [self.closures.given(made)]
            made = await prove(
                replace(self.closures.replica.path, vantage=vantage),
                replace(here, now=lambda: datetime.now(UTC) - age),
                reader=self.closures.reader,
                workspace=self.closures.workspace,
                merge=given,
                wait_s=20,
            )
        assert made is not None
        if not age:  # an old clock finds nothing in a workspace that goes by the right one
            assert made.complete is (len(vantages) > 1), [stage for stage in made.stages if stage.why_not]
        return made

    async def seen_from(self, vantage: Vantage) -> str:
        """The file of a proof that was made there just now."""
        file = self.folder / f"{vantage}.json"
        given = await self.closures.seen_from(vantage)
        await asyncio.to_thread(file.write_text, dumps(given.proof), encoding="utf-8")
        return str(file)

    def unchanged(self) -> bool:
        """Whether nothing was written to Azure."""
        return self.closures.asked("PATCH", "PUT", "POST", "DELETE") == []
