import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest

from lab.replica import opened
from lab.scenarios.article import APP, ENDPOINT_ADDRESS, ON_PREMISES_ADDRESS, PLATFORM_ADDRESS, WORLD
from lab.surroundings_file import read, write

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
    file.write_text(
        json.dumps({"endpoints": {"fd00::4:443": 40001}, "name_servers": ["168.63.129.16:53"], "hosts": {}}),
        encoding="utf-8",
    )
    assert read(file).endpoint("fd00:0::4", 443) == ("127.0.0.1", 40001)
