import errno
import json
import stat
from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from lab.azure.rights import OPERATOR_OBJECT_ID
from lab.log_analytics.api import WORKSPACE_ID
from lab.replica import opened
from lab.scenarios.article import APP, ENDPOINT_ADDRESS, ON_PREMISES_ADDRESS, PLATFORM_ADDRESS, PUBLIC_ADDRESS, WORLD
from lab.surroundings_file import read, workspace, write
from probes.observe.surroundings import in_thread

QUICK = replace(WORLD, listeners=(), hosts={"Pinned.Example": "fd00::10"})
"""Name servers only, which start at once."""


async def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """The same names, the same places, the same resolver, through a file."""
    file = tmp_path / "surroundings.json"
    async with opened(QUICK) as replica:
        write(file, replica)
        there, here = read(file), replica.surroundings
        assert (there.hosts, there.name_servers) == (here.hosts, here.name_servers)
        for place in ((PLATFORM_ADDRESS, 53), (ON_PREMISES_ADDRESS, 53)):
            assert there.endpoint(*place) == here.endpoint(*place)
        assert await there.getaddrinfo(APP) == (ENDPOINT_ADDRESS,)
        assert await there.getaddrinfo("pinned.example") == ("fd00::10",)


async def test_nothing_else_has_a_route(tmp_path: Path) -> None:
    """What is not in the file is unreachable, so that nothing leaves loopback."""
    file = tmp_path / "surroundings.json"
    async with opened(QUICK) as replica:
        write(file, replica)
    with pytest.raises(OSError, match="unreachable") as raised:
        read(file).endpoint("192.0.2.1", 443)
    assert raised.value.errno == errno.ENETUNREACH


async def test_an_endpoint_may_have_an_ipv6_address(tmp_path: Path) -> None:
    """Its port stands after the last colon."""
    file = tmp_path / "surroundings.json"
    table = {"endpoints": {"fd00::4:443": 40001}, "name_servers": ["168.63.129.16:53"], "hosts": {}}
    file.write_text(json.dumps({**table, "management": "http://127.0.0.1:40002"}), encoding="utf-8")
    assert read(file).endpoint("fd00:0::4", 443) == ("127.0.0.1", 40001)


async def test_a_network_outside_sees_the_internet_alone(tmp_path: Path) -> None:
    """The public chain, no hosts file, and no way to a private address."""
    file = tmp_path / "outside.json"
    async with opened(QUICK) as replica:
        write(file, replica, outside=True)
        there = read(file)
        assert await there.getaddrinfo(APP) == (PUBLIC_ADDRESS,)
        assert (there.hosts, there.management) == ({}, replica.control_plane.url)
    for address in (ENDPOINT_ADDRESS, ON_PREMISES_ADDRESS):
        with pytest.raises(OSError, match="unreachable"):
            there.endpoint(address, 53)


async def test_azure_and_the_workspace_are_found_by_the_file(tmp_path: Path) -> None:
    """With an operator signed in, whose token Azure takes; the file is its owner's alone."""
    file = tmp_path / "surroundings.json"
    async with opened(QUICK) as replica:
        write(file, replica)
        here = read(file, operator=True)
        operator = here.credential(None)
        access = await in_thread(lambda: operator.get_token("https://management.azure.com/.default"))
        claims = jwt.decode(access.token, options={"verify_signature": False})
        found = workspace(file)
        assert (here.management, claims["oid"]) == (replica.control_plane.url, OPERATOR_OBJECT_ID)
        assert (found.url, found.workspace_id) == (replica.log_analytics.url, WORKSPACE_ID)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_lab_is_on_loopback_or_it_is_none(tmp_path: Path) -> None:
    """A file that names another Azure is refused, so that no token leaves this machine."""
    file = tmp_path / "surroundings.json"
    table = {"endpoints": {}, "name_servers": ["168.63.129.16:53"], "hosts": {}}
    file.write_text(json.dumps({**table, "management": "https://management.azure.com"}), encoding="utf-8")
    with pytest.raises(ValueError, match="not on loopback"):
        read(file)
