"""Command lines that ask the lab's servers, whose addresses exist nowhere but on loopback.

Each stands whole on a line of its own, to be copied into another terminal.
"""

import asyncio
import shlex
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path as File
from typing import TYPE_CHECKING

import probes
from probes.commands.lab_files import Files
from probes.path import Role, Target
from probes.path.definition import ControlPlane

if TYPE_CHECKING:
    from lab.replica import Replica

ROOT = File(probes.__file__).parents[1]
PATIENCE_S = 10
LOOKUP_S = 2
SETTLES_S = "2"
"""Seconds that the lab's front ends take to follow at most, unless its world says otherwise."""
FROM_ANSWER = r"""sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p'"""
FOR_ID = ("--silent", "--output", "/dev/null", "--write-out", "%header{x-gateway-request-id} %header{x-correlation-id}")
"""The gateway's id stands in one header of an answer of the backend's, and in the other of one of its own."""
METHODS = {"GET": [], "HEAD": ["--head"], "OPTIONS": ["--request", "OPTIONS"]}


async def hints(replica: "Replica", files: Files) -> list[str]:
    """Where everything listens, and how to look at it, by the files that the lab has written."""
    lines = [*_name_servers(replica), *_identity(replica)]
    targets = replica.path.targets
    every = await asyncio.gather(*(_addresses(replica, target) for target in targets))
    for target, addresses in zip(targets, every, strict=True):
        lines += _target(replica, target, addresses)
    path, reading = ("--path", str(files.path)), ("--path", str(files.reading))
    probe = partial(_probes, replica, files.surroundings)
    lines += ["", "all of it, as the probe sees it:", probe("check", *path)]
    if replica.path.control_plane is ControlPlane.NEVER:
        lines += ["", "the same, and what Azure says of it:", probe("check", *reading)]
    return [*lines, *_closing(replica, files)]


def _closing(replica: "Replica", files: Files) -> Iterator[str]:
    """The path proven, and public access closed by the proof."""
    reading, proof = ("--path", str(files.reading)), str(files.proof)
    inside = partial(_probes, replica, files.surroundings)
    as_client = inside("prove", *reading, "--vantage", "client", "-o", str(files.client_proof))
    yield from (
        "",
        f"the path proven, as a client sees it and from here (Azure stands at {replica.control_plane.url}):",
    )
    yield as_client
    yield inside("prove", *reading, "--lab", "--merge", str(files.client_proof), "-o", proof)
    yield from ("", "public access closed by that proof; without --dry-run really, in this lab:")
    closing = ("close", *reading, "--lab", "--settle", SETTLES_S)
    yield inside(*closing, "--proof", proof, "--dry-run")
    yield from ("", "after that as a client again, from outside, and the closure finished:")
    yield as_client
    yield _probes(replica, files.outside, "prove", *reading, "--vantage", "outside", "-o", str(files.outside_proof))
    merged = ("--outside", str(files.outside_proof), "--merge", str(files.client_proof))
    yield inside(*closing, "--resume", *merged)


def _probes(replica: "Replica", surroundings: File, *words: str) -> str:
    """A command of this program, in a process that has the identity of the probe."""
    return _command(
        *("env", f"PYTHONPATH={ROOT}", "no_proxy=127.0.0.1"),
        *(f"{variable}={value}" for variable, value in replica.identity_environment.items()),
        *(sys.executable, "-m", "probes", *words, "--surroundings", str(surroundings)),
    )


def _name_servers(replica: "Replica") -> Iterator[str]:
    """Each name server, and a question to it for each name of the path."""
    names = dict.fromkeys(target.host for target in replica.path.targets if target.literal is None)
    for name, server in replica.world.name_servers.items():
        host, port = replica.surroundings.endpoint(server.address, server.port)
        yield from ("", f"name server {name}, {server.address}: stands at {host} port {port}")
        yield from (_command("dig", f"@{host}", "-p", str(port), wanted) for wanted in names)


def _identity(replica: "Replica") -> Iterator[str]:
    """Where a token comes from, for each audience of the path."""
    environment = replica.identity_environment
    for audience in dict.fromkeys(target.audience for target in replica.path.targets if target.audience is not None):
        asked = _curl(
            *("--silent", "--get", "--data-urlencode", f"resource={audience}", "--data", "api-version=2019-08-01"),
            *("--header", f"X-IDENTITY-HEADER: {environment['IDENTITY_HEADER']}", environment["IDENTITY_ENDPOINT"]),
        )
        yield from ("", f"managed identity: a token for {audience}, kept in the shell")
        yield f"  TOKEN=$({asked.strip()} | {FROM_ANSWER})"


async def _addresses(replica: "Replica", target: Target) -> tuple[str, ...]:
    """The addresses of a target as this machine sees them, none where its name does not resolve in time."""
    if target.literal is not None:
        return (str(target.literal),)
    try:
        async with asyncio.timeout(LOOKUP_S):
            return tuple(await replica.surroundings.getaddrinfo(target.host))
    except OSError:  # a time-out is one as well
        return ()


def _target(replica: "Replica", target: Target, addresses: tuple[str, ...]) -> Iterator[str]:
    """A request to each address of a target, with a token where the path has one for it."""
    title = f"{target.name}: {target.url}"
    if not addresses:
        yield from ("", f"{title}: its name does not resolve")
    for address in addresses:
        try:
            host, port = replica.surroundings.endpoint(address, target.port)
        except OSError as error:
            yield from ("", f"{title} at {address}: nothing stands there ({error.strerror})")
            continue
        yield from ("", f"{title} at {address}: stands at {host} port {port}")
        name = f"[{target.host}]" if ":" in target.host else target.host
        trust = ["--cacert", target.ca_file] if target.ca_file else []
        bridge = ["--connect-to", f"{name}:{target.port}:{host}:{port}"]
        asked = _curl("--include", *METHODS[target.method], *trust, *bridge, target.url)
        yield asked
        if target.audience is not None:
            yield f'{asked} --header "Authorization: Bearer $TOKEN"'
        if target.role is Role.GATEWAY:
            yield f"  ID=$({_curl(*FOR_ID, *trust, *bridge, target.url).strip()} | awk '{{print $1}}')"
            # Without an id there is nothing to follow: a failing gateway may answer with none.
            yield f'{_command("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "probes", "trace", "--lab")} "$ID"'


def _curl(*words: str) -> str:
    # A proxy of this machine has no business with loopback; a silent server shall not be waited for without end.
    return _command("curl", "--noproxy", "*", "--max-time", str(PATIENCE_S), *words)


def _command(*words: str) -> str:
    return f"  {shlex.join(words)}"
