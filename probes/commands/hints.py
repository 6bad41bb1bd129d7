"""Command lines that ask the lab's servers, whose addresses exist nowhere but on loopback.

Each stands whole on a line of its own, to be copied into another terminal.
"""

import asyncio
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path as File
from typing import TYPE_CHECKING

import probes
from probes.path import Role, Target

if TYPE_CHECKING:
    from lab.replica import Replica

ROOT = File(probes.__file__).parents[1]
PATIENCE_S = 10
LOOKUP_S = 2
FROM_ANSWER = r"""sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p'"""
FOR_ID = ("--silent", "--output", "/dev/null", "--write-out", "%header{x-gateway-request-id} %header{x-correlation-id}")
"""The gateway's id stands in one header of an answer of the backend's, and in the other of one of its own."""
METHODS = {"GET": [], "HEAD": ["--head"], "OPTIONS": ["--request", "OPTIONS"]}


async def hints(replica: "Replica", path: File, surroundings: File) -> list[str]:
    """Where everything listens, and how to look at it; `path` and `surroundings` are files that the lab has written."""
    lines = [*_name_servers(replica), *_identity(replica)]
    targets = replica.path.targets
    every = await asyncio.gather(*(_addresses(replica, target) for target in targets))
    for target, addresses in zip(targets, every, strict=True):
        lines += _target(replica, target, addresses)
    probe = _command(
        *("env", f"PYTHONPATH={ROOT}", "no_proxy=127.0.0.1"),
        *(f"{name}={value}" for name, value in replica.identity_environment.items()),
        *(sys.executable, "-m", "probes", "check", "--path", str(path), "--surroundings", str(surroundings)),
    )
    return [*lines, "", "all of it, as the probe sees it:", probe]


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
