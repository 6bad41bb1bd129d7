"""The figures as sheets, shown on a terminal and written to the README as Markdown."""

from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from bench.cold_start import MODULE, SHOWN, TIMES, ColdStart
from bench.load import CONNECTIONS, HEALTH, PROTECTED, ROUNDS, SECONDS, Loads
from bench.machine import Machine
from bench.stage import Cores
from bench.sweeps import CONCURRENCY, DNS, FULL, HTTP, PROBE, Comparison

SIDES = {
    PROBE: "getaddrinfo, A and AAAA on the wire with the CNAME chain, connect, handshake with the chain as sent, "
    "request; then the judgement of the whole sweep",
    FULL: "the next two added up: what it takes to get one target's evidence from the exporter; ratios are to this row",
    HTTP: "module `http_2xx` with `ca_file`: its own A lookup, connect, handshake, request; its page of metrics",
    DNS: "module `dns`: one A question; its page of metrics",
}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table and the sentences below it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def sweep_sheet(comparisons: list[Comparison], cores: Cores) -> Sheet:
    """What a target costs, by size and side."""
    return Sheet(
        title="The evidence of one target",
        columns=(
            *("targets", "by", "per CPU s", "ratio"),
            *("CPU ms each", "judging", "wall s", "peak MiB", "servers busy"),
        ),
        rows=tuple(_row(comparison, who) for comparison in comparisons for who in SIDES),
        notes=(
            *(verdict(comparison) for comparison in comparisons),
            *(f"{who}: {does}." for who, does in SIDES.items()),
            conditions(len(comparisons[0].runs[PROBE]), cores),
        ),
    )


def verdict(comparison: Comparison) -> str:
    """The comparison in one sentence, whoever does better."""
    full, http = comparison.ratio(PROBE, FULL), comparison.ratio(PROBE, HTTP)
    return (
        f"{comparison.targets} targets: with the same CPU the probe sees {full:.2f} times as many as the exporter's "
        f"dns + http ({'cheaper' if full > 1 else 'dearer'}), and {http:.2f} times as many as its http module alone. "
        f"Without its judging: {comparison.evidence_ratio(FULL):.2f} and {comparison.evidence_ratio(HTTP):.2f} times."
    )


def conditions(rounds: int, cores: Cores) -> str:
    """How it was measured."""
    alone = ", the only one there is" if cores.prober == cores.server else ""
    return (
        f"Medians of interleaved rounds, {rounds} of each size (CPU ms: least-most), {CONCURRENCY} targets at a time. "
        f"Each side runs in a fresh process on core {cores.prober}, warmed up, and only its own CPU counts. nginx "
        f"(RSA-2048 chain, full handshakes), NSD and whoever asks the exporter run on core {cores.server}{alone}; "
        "servers busy: how much that core was."
    )


def cold_start_sheet(cold: ColdStart) -> Sheet:
    """What the first call waits for."""
    top = ", ".join(f"{name} {ms:.0f}" for name, ms in cold.traced.packages_ms[:SHOWN])
    return Sheet(
        title="Cold start",
        columns=("measured", "ms"),
        rows=(
            (f"import {MODULE}", f"{cold.import_ms:.0f}"),
            ("sum of its imports, traced", f"{cold.traced.sum_ms:.0f}"),
        ),
        notes=(f"Medians of {TIMES} fresh interpreters with cached bytecode. Dearest packages, own code, ms: {top}.",),
    )


def load_sheet(loads: Loads, cores: Cores) -> Sheet:
    """What a protected call costs, and its check."""
    open_to_all = loads.route(HEALTH)
    return Sheet(
        title="The orders app under load",
        columns=("route", "requests/s", "p50 ms", "p99 ms", "CPU ms each", "ratio"),
        rows=tuple(
            (
                load.route,
                f"{load.per_s:.0f}",
                f"{load.p50_ms:.1f}",
                f"{load.p99_ms:.1f}",
                f"{load.cpu_ms:.2f}",
                f"{load.cpu_ms / open_to_all.cpu_ms:.2f}",
            )
            for load in loads.routes
        ),
        notes=(
            check(loads),
            f"wrk, {CONNECTIONS} connections for {SECONDS} s, medians of {ROUNDS} rounds, in turn; telemetry on.",
            f"The app's process, the host's stand-in in it, is on core {cores.prober}; wrk is on core {cores.server}.",
            "Ratios are of CPU, to the open route.",
        ),
    )


def check(loads: Loads) -> str:
    """What the check of a token comes to, of a call and beside the limit."""
    share, times = loads.check_ms / loads.route(PROTECTED).cpu_ms, loads.check_ms / loads.verify_ms
    return (
        f"The check of a token takes {loads.check_ms:.3f} CPU ms, {share:.0%} of a protected call. The RSA signature "
        f"alone, the limit of any check, takes {loads.verify_ms:.3f}: the check is {times:.1f} times that."
    )


def markdown(sheets: list[Sheet], machine: Machine) -> str:
    """All of it as Markdown."""
    parts = [f"Measured by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine}."]
    for sheet in sheets:
        rule = ("---",) * len(sheet.columns)
        lines = [f"| {' | '.join(cells)} |" for cells in (sheet.columns, rule, *sheet.rows)]
        parts += [f"**{sheet.title}**", "\n".join(lines), "\n".join(f"- {note}" for note in sheet.notes)]
    return "\n\n".join(parts)


def show(sheets: list[Sheet], machine: Machine, missing: list[str], console: Console) -> None:
    """All of it on the terminal."""
    console.print(str(machine), highlight=False)
    for sheet in sheets:
        table = Table(*sheet.columns, title=sheet.title, title_justify="left")
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table)
        for note in sheet.notes:
            console.print(f"- {note}", highlight=False, markup=False)
    for sentence in missing:
        console.print(sentence, highlight=False, markup=False)


def _row(comparison: Comparison, who: str) -> tuple[str, ...]:
    run = comparison.median(who)
    each_ms = sorted(one.cpu_s / one.targets * 1e3 for one in comparison.runs[who])
    return (
        str(comparison.targets),
        who,
        f"{run.per_cpu_s:.0f}",
        f"{comparison.ratio(who, FULL):.2f}",
        f"{run.cpu_s / run.targets * 1e3:.2f} ({each_ms[0]:.2f}-{each_ms[-1]:.2f})",
        f"{run.judgement_s / run.targets * 1e3:.2f}" if who == PROBE else "-",
        f"{run.wall_s:.2f}",
        f"{run.peak_memory_mb:.0f}",
        f"{run.server_busy:.0%}",
    )
