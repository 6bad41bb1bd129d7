"""The surroundings of a replica in a JSON file, for a probe that runs in a process of its own.

    {"endpoints": {"10.80.20.4:443": 40001}, "name_servers": ["168.63.129.16:53"], "hosts": {"name": ["10.80.20.4"]},
     "management": "http://127.0.0.1:40002", "log_analytics": "http://127.0.0.1:40003", "workspace_id": "GUID",
     "operator": {"IDENTITY_ENDPOINT": "http://127.0.0.1:40004/msi/token", "IDENTITY_HEADER": "SECRET"}}

An endpoint is an address of the evidence and the port of loopback where its packets really go. The file is read anew
for every sweep, so that a running app follows the replica into another world once the file is written again. Where the
probe's managed identity is stands in the app settings, as in Azure; an operator, who proves and closes, signs in with
what is in the file.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path as File
from typing import Any

from lab.credential import LabCredential
from lab.log_analytics.api import WORKSPACE_ID
from lab.network import LOOPBACK, Network
from lab.replica import Replica, is_private, servers
from lab.resolver import SystemResolver
from probes.observe.machine import managed_identity
from probes.observe.surroundings import Surroundings


def write(file: File, replica: Replica, *, outside: bool = False) -> None:
    """Write down where everything of the replica's world stands now; `outside` = as a network outside sees it."""
    here = replica.outside_surroundings if outside else replica.surroundings
    seen = [place for place in servers(replica.world) if not (outside and is_private(place[0]))]
    places = {_text(*place): here.endpoint(*place)[1] for place in seen}
    table = {
        "endpoints": places,
        "name_servers": [_text(*server) for server in here.name_servers],
        "hosts": {name: list(addresses) for name, addresses in here.hosts.items()},
        "management": here.management,
        "log_analytics": replica.log_analytics.url,
        "workspace_id": WORKSPACE_ID,
        "operator": dict(replica.engineer.environment),
    }
    # In one step: an app that reads meanwhile gets the old world or the new one.
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)  # it lets its reader sign in as the lab's operator
    draft.write_text(json.dumps(table), encoding="utf-8")
    draft.replace(file)


def read(file: File, *, operator: bool = False) -> Surroundings:
    """The surroundings, with this process's managed identity, or with the lab's operator signed in.

    Raises OSError, or what a file of another form comes to.
    """
    table = _table(file)
    network = Network()
    for place, port in table["endpoints"].items():
        network.place(*_place(place), port)
    name_servers = tuple(_place(server) for server in table["name_servers"])
    hosts = {name: tuple(addresses) for name, addresses in table["hosts"].items()}
    return Surroundings(
        getaddrinfo=SystemResolver(network=network, server=name_servers[0], hosts=hosts).getaddrinfo,
        hosts=hosts,
        name_servers=name_servers,
        endpoint=network.endpoint,
        credential=partial(LabCredential, environment=table["operator"]) if operator else managed_identity,
        management=_here(table["management"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where the lab keeps its records.

    Attributes:
        url: base URL of the query API.
        workspace_id: a GUID.
    """

    url: str
    workspace_id: str


def workspace(file: File) -> Workspace:
    """The workspace of the replica; raises as `read`."""
    table = _table(file)
    return Workspace(url=_here(table["log_analytics"]), workspace_id=table["workspace_id"])


def _table(file: File) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


def _here(url: str) -> str:
    """The URL, which must be of loopback: no file of a lab lets a token leave this machine."""
    if not url.startswith(f"http://{LOOPBACK}:"):
        raise ValueError(f"{url!r} is not on loopback")
    return url


def _text(address: str, port: int) -> str:
    return f"{address}:{port}"


def _place(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    return address, int(port)
