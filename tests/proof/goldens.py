"""The golden texts of proofs, without what differs from run to run.

`python -m tests.proof.goldens` writes them anew; whoever does so reads the difference before committing it.
"""

import asyncio
import re
import sys
from pathlib import Path

from probes.proof.records import Asked, Proof
from probes.records import Vantage
from probes.tell.proof import as_text
from tests.goldens import VARYING_TEXT
from tests.proof.bench import OPEN, Bench, bench
from tests.proof.worlds import CASES

FOLDER = Path(__file__).parent / "golden"
TOLD = ("complete", "disproven", "exposed", "incomplete")
"""Nothing wrong; a fault that hides much; one that shows in Azure only; one vantage and no workspace."""
EVIDENCE = "evidence.txt"
WIDTH = 100
ASKED = Asked(path_file="orders.toml", wait_s=20.0)
SHORT_S = 1.5
TIMES = ((re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ"), "<time>"),)


def golden(proof: Proof) -> str:
    """The text of a proof."""
    text = as_text(proof, WIDTH)
    for pattern, name in (*TIMES, *VARYING_TEXT):
        text = pattern.sub(name, text)
    return text


def golden_evidence(proof: Proof) -> str:
    """Which records each stage of a proof rests on."""
    lines = [line for stage in proof.stages for line in (f"{stage.id}: {stage.result}", *_named(stage.evidence))]
    return "\n".join([*lines, ""])


def _named(names: tuple[str, ...]) -> list[str]:
    return [f"    {name}" for name in names]


async def proved(lab: Bench, name: str) -> Proof:
    """The proof of that golden text."""
    match name:
        case "complete":
            return await lab.proof(OPEN, asked=ASKED)
        case "disproven":
            return await lab.proof(CASES["expired"].world, asked=ASKED, wait_s=SHORT_S)
        case "exposed":
            return await lab.proof(CASES["no checks"].world, asked=ASKED)
    await lab.replica.become(OPEN)
    return await lab.seen(Vantage.PROBE, asked=ASKED)


async def write() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    async with bench() as lab:
        for name in TOLD:
            (FOLDER / f"{name}.txt").write_text(golden(await proved(lab, name)), encoding="utf-8")
            sys.stdout.write(f"{name}\n")
        proof = await lab.proof(OPEN)
        (FOLDER / EVIDENCE).write_text(golden_evidence(proof), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write())
