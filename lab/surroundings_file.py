"""The surroundings of a replica in a JSON file, for a probe that runs in a process of its own.

    {"endpoints": {"10.80.20.4:443": 40001}, "name_servers": ["168.63.129.16:53"], "hosts": {"name": ["10.80.20.4"]}}

An endpoint is an address of the evidence and the port of loopback where its packets really go. The file is read anew
for every sweep, so that a running app follows the replica into another world once the file is written again. Where the
managed identity is stands in the app settings, as in Azure.
"""

import json
from pathlib import Path as File
from typing import Any

from lab.network import Network
from lab.replica import Replica, servers
from lab.resolver import SystemResolver
from probes.observe.machine import managed_identity
from probes.observe.surroundings import Surroundings


def write(file: File, replica: Replica) -> None:
    """Write down where everything of the replica's world stands now."""
    here = replica.surroundings
    places = {_text(*place): here.endpoint(*place)[1] for place in servers(replica.world)}
    table = {
        "endpoints": places,
        "name_servers": [_text(*server) for server in here.name_servers],
        "hosts": {name: list(addresses) for name, addresses in here.hosts.items()},
    }
    # In one step: an app that reads meanwhile gets the old world or the new one.
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(table), encoding="utf-8")
    draft.replace(file)


def read(file: File) -> Surroundings:
    """The surroundings; raises OSError, or what a file of another form comes to."""
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
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
        credential=managed_identity,
    )


def _text(address: str, port: int) -> str:
    return f"{address}:{port}"


def _place(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    return address, int(port)
