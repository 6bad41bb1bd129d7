"""The path swept: proven, step by step; then broken in several ways, each named with evidence and fix."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from lab.replica import Replica
from lab.scenarios import scenario
from lab.world import Scenario
from probes.judge import Finding, Verdict
from probes.sweep import Sweep, sweep
from probes.tell.text import render
from probes.tell.words import plain

HEALTHY = "healthy"
BROKEN = (
    "zone-not-linked",
    "azure-zone-falls-back-to-internet",
    "record-missing",
    "resolver-not-forwarding",
    "address-hardcoded",
    "certificate-expired",
    "host-not-running",
    "token-rejected-audience",
    "anonymous-accepted",
    "gateway-cannot-reach-backend",
    "azure-gateway-dns-stale",
    "azure-blocked-at-probe",
)
"""The article's recurring failures, and what stands next to them; with Azure's evidence where nothing else tells."""
COMMAND = "az "
WHOLE = 2_000
"""Characters of a sentence or command that are shown: all of them."""
VERDICT_STYLES = {Verdict.PROVEN: "bold green", Verdict.DEGRADED: "bold yellow"}


async def show(replica: Replica, console: Console) -> int:
    """The number of scenarios that did not come out as expected."""
    wrong = 0
    console.rule("A private path, proven", style="dim")
    console.print(
        "API Management (internal VNet) -> private DNS -> Private Endpoint -> Azure Function, all on loopback: real "
        "DNS, real TLS, the orders app run by Microsoft's worker library. One sweep, step by step:\n"
    )
    found = await sweep(replica.path, replica.surroundings)
    render(found, console)
    wrong += not as_expected(scenario(HEALTHY), found)
    console.print()
    console.rule("The same path, broken", style="dim")
    for number, name in enumerate(BROKEN, start=1):
        each = scenario(name)
        await replica.become(each.world)
        found = await sweep(replica.path, replica.surroundings)
        brief(number, each, found, console)
        wrong += not as_expected(each, found)
    return wrong


def as_expected(each: Scenario, found: Sweep) -> bool:
    """Whether the verdict and the root findings are those of the scenario."""
    roots = [root.id for root in found.judgement.roots]
    return found.judgement.verdict == each.verdict and roots == ([each.finding] if each.finding else [])


def brief(number: int, each: Scenario, found: Sweep, console: Console) -> None:
    """One scenario: what is broken, and what the probe says of it."""
    verdict = found.judgement.verdict
    console.print()
    console.print(Text.assemble((f"{number}. {each.breaks}", "bold")))
    console.print(Text.assemble("   verdict ", (verdict.value, VERDICT_STYLES.get(verdict, "bold red"))))
    for root in found.judgement.roots:
        for line in said(root, [other.id for other in found.judgement.findings if other.masked_by == root.id]):
            if line.plain.startswith(COMMAND):  # whole, on a line of its own, to be copied
                console.print(Text("     ") + line, soft_wrap=True)
            else:
                console.print(Padding(line, (0, 0, 0, 3)))


def said(root: Finding, masked: list[str]) -> list[Text]:
    """A cause in a few lines: what it is, on what it rests, what it explains, how it is mended."""
    lines = [
        Text.assemble((root.id, "bold red"), f" ({root.confidence} confidence): {plain(root.summary, WHOLE)}"),
        Text(f"evidence: {', '.join(root.evidence[:3])}", style="dim"),
    ]
    if masked:
        lines.append(Text(f"explains: {', '.join(dict.fromkeys(masked))}", style="dim"))
    return lines + [Text(plain(step, WHOLE), style="cyan") for step in root.fix]
