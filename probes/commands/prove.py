"""`prove`: the article's final test as named stages, and the evidence in a file."""

import sys
from argparse import Namespace
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path as File
from typing import Any

from probes.commands import lab
from probes.commands.outcome import Exit, UsageError, one_of
from probes.commands.output import note, printed, say, writable, write
from probes.commands.progress import progress
from probes.commands.running import run
from probes.commands.signed_in import signed_in
from probes.commands.trace import of_azure, of_lab
from probes.observe.machine import surroundings
from probes.observe.surroundings import Surroundings, TokenSource
from probes.path import Path, load
from probes.proof import document
from probes.proof.commands import LAB
from probes.proof.diagnosis import Diagnosis, DiagnosisError, diagnosis
from probes.proof.following import Workspace
from probes.proof.merge import Given, MergeError
from probes.proof.records import Asked, FollowedCall, Proof, Verdict
from probes.proof.run import Told, prove
from probes.proof.stages import STAGES
from probes.records import Vantage
from probes.tell.proof import render
from probes.tell.words import plain

SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.0, 3_600.0
PRIVATE = 0o600
"""Of the files: they tell names, addresses and answers of a private path."""
EXITS = {Verdict.COMPLETE: Exit.FINE, Verdict.DISPROVEN: Exit.FAILED, Verdict.INCOMPLETE: Exit.INCONCLUSIVE}


def proved(arguments: Namespace) -> Exit:
    """Look, ask, take in, follow and judge; then tell, and write the evidence down."""
    path = load(arguments.path)
    if arguments.vantage is not None:
        path = replace(path, vantage=Vantage(arguments.vantage))
    require = tuple(one_of(name, [stage.id for stage in STAGES], "stage") for name in arguments.require)
    here, reader = _machine(arguments)
    workspace = _workspace(arguments)
    asked_there = _diagnosis(arguments, path, here)
    merge = [Given(file=str(file), proof=document.load(file)) for file in arguments.merge]
    _outputs(arguments)
    with progress(path.name) as observed:
        proof = _made(
            prove(
                path,
                here,
                workspace=workspace,
                diagnosis=asked_there,
                merge=merge,
                closed=arguments.closed,
                asked=_asked(arguments, require),
                wait_s=arguments.wait,
                reader=reader,
                told=Told(observed=observed, waiting=_waiting(arguments.wait)),
            )
        )
    _tell(proof, arguments)
    return EXITS[proof.verdict]


def _made(work: Coroutine[Any, Any, Proof]) -> Proof:
    try:
        return run(work)
    except MergeError as error:
        raise UsageError(f"--merge {error}") from None


def _machine(arguments: Namespace) -> tuple[Surroundings, Callable[[], TokenSource] | None]:
    """This machine, and as whom Azure is read from it: whoever is signed in; in a lab, the lab's own identity."""
    if arguments.surroundings is not None:
        return lab.surroundings(arguments.surroundings), None
    return surroundings(), signed_in()


def _workspace(arguments: Namespace) -> Workspace | None:
    if arguments.workspace is None and not arguments.lab:
        return None
    source = of_lab() if arguments.lab else of_azure(arguments.workspace)
    return Workspace(workspace_id=source.workspace_id, credential=source.credential, endpoint=source.endpoint)


def _diagnosis(arguments: Namespace, path: Path, here: Surroundings) -> Diagnosis | None:
    """Where the probe app is asked, with the key from the environment: on a command line every process would see it."""
    name = arguments.key_setting
    if arguments.diagnose is None:
        if name is not None:
            raise UsageError("--key-setting: there is nothing to show the key to; allowed: beside --diagnose")
        return None
    key = here.setting(name) if name is not None else None
    if name is not None and not (key and key.isascii() and key.isprintable() and key.strip() == key):
        found = "is not set" if not key else "holds what no header can carry"
        raise UsageError(f"--key-setting {plain(name)}: {found}; allowed: the name of a variable that holds the key")
    try:
        return diagnosis(arguments.diagnose, path, key)
    except DiagnosisError as error:
        raise UsageError(f"--diagnose {error}") from None


def _asked(arguments: Namespace, require: tuple[str, ...]) -> Asked:
    return Asked(
        path_file=str(arguments.path),
        surroundings_file=None if arguments.surroundings is None else str(arguments.surroundings),
        workspace=LAB if arguments.lab else arguments.workspace,
        # Checked already: it holds no key.
        diagnose=arguments.diagnose,
        key_setting=arguments.key_setting,
        wait_s=arguments.wait,
        require=require,
    )


def _outputs(arguments: Namespace) -> None:
    """Refuse files that could not be written, before anything is probed."""
    writable(arguments.output)
    writable(arguments.page, option="--page")
    if arguments.output is not None and arguments.output == arguments.page:
        raise UsageError(f'--page "{arguments.page}": is the file of -o as well; allowed: a file of its own')


def _waiting(wait_s: float) -> Callable[[FollowedCall], None] | None:
    """What a terminal is told once while the workspace is asked again and again."""
    if not sys.stderr.isatty():
        return None
    told: set[str] = set()

    def waiting(call: FollowedCall) -> None:
        if call.correlation_id not in told:
            told.add(call.correlation_id)
            note(f"waiting for the records of {plain(call.correlation_id)}, up to {wait_s:g} s\n")

    return waiting


def _tell(proof: Proof, arguments: Namespace) -> None:
    """The files first: what is printed may find nobody to read it."""
    output: File | None = arguments.output
    if output is not None:
        write(output, document.dumps(proof), mode=PRIVATE)
    if arguments.page is not None:
        from probes.tell.page import as_proof_page  # noqa: PLC0415 - whoever wants text does not wait for it

        write(arguments.page, as_proof_page(proof), mode=PRIVATE, option="--page")
    if arguments.format == "json":
        say(document.dumps(proof))
    else:
        printed(partial(render, proof))
