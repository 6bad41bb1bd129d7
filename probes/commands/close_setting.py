"""What `close` works with: the path, this machine, the operator who is signed in, and the files that were given."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path as File

from probes.closure.inside import Inside
from probes.closure.journal import default_file
from probes.closure.plan import dependencies, sites
from probes.closure.resource import Resource, resource
from probes.closure.work import Pace
from probes.closure.writes import Management, Remembered
from probes.commands.lab import missing
from probes.commands.outcome import UsageError
from probes.commands.output import note, writable, write
from probes.commands.signed_in import signed_in
from probes.commands.trace import of_azure, of_lab
from probes.observe.machine import surroundings
from probes.observe.surroundings import Surroundings, TokenSource
from probes.path import Path, load
from probes.path.load import reason
from probes.proof import document
from probes.proof.commands import LAB
from probes.proof.diagnosis import Diagnosis, DiagnosisError, diagnosis
from probes.proof.digest import path_digest
from probes.proof.following import Workspace
from probes.proof.merge import Given, MergeError, acceptable
from probes.proof.records import Asked, Proof
from probes.records import Vantage
from probes.tell.words import plain

PRIVATE = 0o600
"""Of the last proof's file, which tells names and addresses of a private path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the arguments come to.

    Attributes:
        operator: as whom Azure is read and written.
        sites, dependencies: of the path; `also` = further resources that are to be closed.
        journal: file of the closure.
    """

    arguments: Namespace
    path: Path
    digest: str
    here: Surroundings
    operator: Callable[[], TokenSource]
    sites: tuple[Resource, ...]
    dependencies: tuple[Resource, ...]
    also: tuple[Resource, ...]
    merge: tuple[Given, ...]
    journal: File
    pace: Pace

    @property
    def management(self) -> Management:
        """Azure Resource Manager, as the operator."""
        return Management(endpoint=self.here.management, credential=self.operator)

    @property
    def asked_for(self) -> tuple[Resource, ...]:
        """The resources that are to be closed, each once."""
        wanted = (*self.sites, *(self.dependencies if self.arguments.with_dependencies else ()), *self.also)
        return tuple({each.id.lower(): each for each in reversed(wanted)}.values())[::-1]

    def inside(self, vantage: Vantage, asked: Asked, *, with_dependencies: bool) -> Inside:
        """The view from here, from which the first proof was made so."""
        return Inside(
            path=replace(self.path, vantage=vantage),
            surroundings=self.here,
            workspace=self._workspace(asked),
            diagnosis=self._diagnosis(asked),
            reader=self.operator,
            merge=self.merge,
            asked=replace(asked, path_file=str(self.arguments.path)),
            with_dependencies=with_dependencies,
            made=self._made,
        )

    def _workspace(self, asked: Asked) -> Workspace | None:
        """That of the arguments, else that of the first proof."""
        if self.arguments.lab or (self.arguments.workspace is None and asked.workspace == LAB):
            source = of_lab()
        elif (name := self.arguments.workspace or asked.workspace) is not None:
            source = of_azure(name)
        else:
            return None
        return Workspace(workspace_id=source.workspace_id, credential=source.credential, endpoint=source.endpoint)

    def _diagnosis(self, asked: Asked) -> Diagnosis | None:
        """Where the first proof asked the probe app, with the key that it showed, from the environment."""
        if asked.diagnose is None:
            return None
        name = asked.key_setting
        key = self.here.setting(name) if name is not None else None
        if name is not None and not (key and key.isascii() and key.isprintable() and key.strip() == key):
            found = "is not set" if not key else "holds what no header can carry"
            raise UsageError(f"{plain(name)} {found}; allowed: the subscription key with which the proof was made")
        try:
            return diagnosis(asked.diagnose, self.path, key)
        except DiagnosisError as error:
            raise UsageError(f"the proof's diagnosis {error}") from None

    def _made(self, proof: Proof) -> None:
        if self.arguments.output is None:
            return
        try:
            write(self.arguments.output, document.dumps(proof), mode=PRIVATE)
        except UsageError as error:
            note(f"probes: {error}\n")  # a full disk is no reason to leave a closure halfway


def setting(arguments: Namespace) -> Setting:
    """What the arguments come to.

    Raises:
        PathError: the path file, or a proof that was given, cannot be used.
        UsageError: an argument cannot be.
        JournalError: there is no place for a journal.
    """
    path = load(arguments.path)
    here, signed = _machine(arguments.surroundings)
    operator = Remembered(signed)
    writable(arguments.output)
    merge = [Given(file=str(file), proof=document.load(file)) for file in _files(arguments)]
    try:
        acceptable(merge, path, here.now())
    except MergeError as error:
        raise UsageError(f"--outside, --merge: {error}") from None
    digest = path_digest(path)
    made = Setting(
        arguments=arguments,
        path=path,
        digest=digest,
        here=here,
        operator=lambda: operator,
        sites=_resources(path, sites),
        dependencies=_resources(path, dependencies),
        also=tuple(_resource(each) for each in arguments.also),
        merge=tuple(merge),
        journal=arguments.journal or default_file(path.name, digest),
        pace=Pace() if arguments.settle is None else replace(Pace(), settle_s=arguments.settle),
    )
    if not made.sites:
        key = "resources.site, or resource of a backend target"
        raise UsageError(f"the path file names no web app that could be closed ({key})")
    return made


def _files(arguments: Namespace) -> list[File]:
    return [*([arguments.outside] if arguments.outside is not None else []), *arguments.merge]


def _resources(path: Path, kind: Callable[[Path], tuple[Resource, ...]]) -> tuple[Resource, ...]:
    try:
        return kind(path)
    except ValueError as error:
        raise UsageError(f"the path file names {error}") from None


def _resource(resource_id: str) -> Resource:
    try:
        return resource(resource_id)
    except ValueError as error:
        raise UsageError(f"--also {plain(str(error))}") from None


def _machine(file: File | None) -> tuple[Surroundings, Callable[[], TokenSource]]:
    """This machine and whoever is signed in; or the lab that is up, and its operator."""
    if file is None:
        return surroundings(), signed_in()
    try:
        from lab import surroundings_file  # noqa: PLC0415 - the lab is no part of what is deployed
    except ModuleNotFoundError as error:
        raise missing(error) from None
    try:
        here, operator = surroundings_file.read(file), surroundings_file.read(file, operator=True)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        allowed = "the file that `lab up` names, while it is up"
        raise UsageError(f'--surroundings "{file}": cannot be used ({reason(error)}); allowed: {allowed}') from None
    return here, partial(operator.credential, None)
