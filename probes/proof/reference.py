"""The page of the proof, made from the stage table, so that it can never say anything else than the stages do.

`python -m probes.proof.reference` writes docs/prove.md; with `--check` it only says whether the page is up to date.
"""

import sys
from pathlib import Path as File

from probes.proof.records import Source
from probes.proof.stage import ALWAYS, Stage
from probes.proof.stages import STAGES, STAGES_VERSION
from probes.tell.reference import main

PAGE = File(__file__).parent.parent.parent / "docs" / "prove.md"
HEAD = f"""# Prove

Made from the stage table (version {STAGES_VERSION}) by `python -m probes.proof.reference`; do not edit.

`probes prove` runs the final test of a private path: a client resolves the gateway and calls it; the call is followed
through the gateway's log to the function that ran; the backend resolves privately where the gateway asks; TLS and
identity hold; dependencies are private; and no hosts file, address or exception holds the path up. Each of these is a
**stage**: proven, disproven, or not proven. A stage is proven by records that are in the file, each of them needed;
nothing is ever proven by absence, and what was not measured is told with the command that would measure it.

## Run it

Where a client is, with an identity that may read Azure and the workspace (`az login`; Reader, Log Analytics Reader):

    export GATEWAY_KEY=...      # a subscription key of API Management, where the diagnostics API asks for one
    probes prove --path orders.toml --vantage client --workspace WORKSPACE_ID \\
        --diagnose https://api.internal.example.com/diagnostics/diagnose --key-setting GATEWAY_KEY -o proof.json

The machine is the vantage `client`: it walks the gateway and nothing behind it. `--diagnose` asks the probe app for
its sweep by way of the gateway: that brings vantage `probe`, and `gateway` with what API Management saw of its own
call. Azure is read for the whole path, unless its file says `control_plane = "never"`. The call is looked for in the
workspace until it is there, or `--wait` seconds (300) are over.

After closure, in a network that must not reach the backend, and then again inside:

    probes prove --path orders.toml --vantage outside -o outside.json
    probes prove --path orders.toml --vantage client ... --merge outside.json -o closed.json

Where the probe app cannot be asked, the same command runs in its subnet (`--vantage probe -o probe.json`), and its
file is merged. Files that are merged must be of the same path file, and no older than an hour. Vantage, certificate
files and the limits of a sweep may differ between them. A vantage is what the command was told: nothing checks that a
client's network is one.

| exit code | means |
|---|---|
| 0 | complete |
| 1 | a stage is disproven |
| 2 | usage, or a file that cannot be used |
| 3 | not proven for want of evidence; a file of one vantage alone always ends so |

## The file

`-o` writes the evidence as JSON, whole or not at all, readable by its owner only: every sweep with every observation,
the records of the call, the stages, the definition of the path and its digest. `sha256` is over the canonical JSON of
all the rest, and is verified whenever the file is read; so is that the stages are what the evidence in the file comes
to. A file that was altered is refused. **This is integrity, and no signature**: whoever may write the file may make
another. Where that matters keep the file, or its digest, where others cannot write.

Requests on the path use GET, HEAD or OPTIONS, and nothing is changed. No token and no key is in the file.

## Stages

| stage | needs | before closure | after closure |
|---|---|---|---|
"""
SOURCES = {
    Source.CLIENT: "client",
    Source.PROBE: "probe",
    Source.GATEWAY: "gateway",
    Source.OUTSIDE: "outside",
    Source.AZURE: "Azure",
    Source.WORKSPACE: "workspace",
}


NOTE = """
Closed counts where Azure says `publicNetworkAccess: Disabled` of the backend's site, or where `--closed` says so.
`--require STAGE` asks for a stage beyond these.

"""


def page() -> str:
    """The whole page, in Markdown."""
    table = "".join(f"{row(stage)}\n" for stage in STAGES)
    return HEAD + table + NOTE + "\n".join(entry(stage) for stage in STAGES)


def row(stage: Stage) -> str:
    """One line of the table."""
    needs = ", ".join(SOURCES[source] for source in stage.needs)
    asked = ["required" if each in stage.required else "-" for each in ALWAYS]
    return f"| [{stage.id}](#{stage.id}) | {needs} | {' | '.join(asked)} |"


def entry(stage: Stage) -> str:
    """One stage."""
    helps = ", ".join(SOURCES[source] for source in stage.helps)
    lines = [
        f"### {stage.id}\n",
        f"**{stage.title}.**\n",
        f"- Proven by: {stage.proven_by}",
        f"- Disproven by: {stage.disproven_by}",
        *([f"- Taken as well where it is there: {helps}."] if helps else []),
        f"- Limits: {stage.limits}\n",
    ]
    return "\n".join(lines)


COMPLAINT = "docs/prove.md is not what the stages say: run `python -m probes.proof.reference`"

if __name__ == "__main__":
    sys.exit(main(PAGE, page(), COMPLAINT, sys.argv[1:]))
