"""What the observers see of a machine: its hosts file, its name servers, blocking calls beside the loop."""

import asyncio
import os
import socket
import threading
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.observe.machine import management, surroundings
from probes.observe.surroundings import (
    MANAGEMENT,
    Surroundings,
    getaddrinfo,
    hosts_entries,
    in_thread,
    name_servers,
    read_text,
    straight,
)
from probes.path import PathError

HOSTS = """
127.0.0.1 localhost
::1 localhost ip6-localhost # the same in IPv6
10.80.20.4\tFUNC.azurewebsites.net. func  # an override
#10.0.0.1 commented.example.com
not-an-address broken.example.com
10.0.0.2
"""
RESOLV_CONF = """
# nameserver 10.0.0.9
search corp.example.com
nameserver 168.63.129.16
nameserver not-an-address
nameserver
nameserver fd00::53 # comment
options timeout:2
nameserver 10.0.0.3
nameserver 10.0.0.4
"""


def test_hosts_file() -> None:
    """Names in lower case lead to their addresses in order; lines that are no entries are passed over."""
    assert hosts_entries(HOSTS) == {
        "localhost": ("127.0.0.1", "::1"),
        "ip6-localhost": ("::1",),
        "func.azurewebsites.net": ("10.80.20.4",),
        "func": ("10.80.20.4",),
    }


def test_resolv_conf() -> None:
    """The first three name servers that are addresses count."""
    assert name_servers(RESOLV_CONF) == ("168.63.129.16", "fd00::53", "10.0.0.3")
    assert name_servers("") == ()


@given(st.text(alphabet=st.sampled_from("nameserv 10.:#\t\n\x00é")))
def test_any_text_can_be_read(text: str) -> None:
    """No file, whatever stands in it, makes the parsers raise."""
    assert all(address for addresses in hosts_entries(text).values() for address in addresses)
    assert len(name_servers(text)) <= 3


def test_a_missing_file_is_empty(tmp_path: File) -> None:
    """A machine without the file has no entries; bytes that are no UTF-8 do no harm."""
    (tmp_path / "hosts").write_bytes(b"10.0.0.1 caf\xe9 a\n")
    assert read_text(tmp_path / "none") == ""
    assert hosts_entries(read_text(tmp_path / "hosts"))["a"] == ("10.0.0.1",)


def test_this_machine() -> None:
    """The real surroundings read the real files and ask port 53."""
    here = surroundings()
    assert all(port == 53 for _, port in here.name_servers)
    assert here.endpoint is straight
    assert here.now().tzinfo is not None


async def test_getaddrinfo_of_this_machine() -> None:
    """Addresses come without repetition, and a name that cannot be is the C library's error."""
    assert await getaddrinfo("127.0.0.1") == ("127.0.0.1",)
    with pytest.raises((socket.gaierror, UnicodeError)):
        await getaddrinfo("a" * 64)


async def test_a_blocking_call_does_not_block_the_loop() -> None:
    """The loop runs on while a thread waits, and gets its result or its error afterwards."""
    released = threading.Event()
    waiting = asyncio.create_task(in_thread(lambda: released.wait(5)))
    await asyncio.sleep(0)
    assert not waiting.done()
    released.set()
    assert await waiting is True
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_a_call_that_nobody_waits_for_ends_silently() -> None:
    """Cancelled, the awaiting task is free at once; the thread's result or error is dropped."""
    released, finished = threading.Event(), threading.Event()

    def call() -> None:
        released.wait(5)
        finished.set()
        raise OSError(os.strerror(1))

    waiting = asyncio.create_task(in_thread(call))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    released.set()
    assert finished.wait(5)
    await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, MANAGEMENT),
        ("", MANAGEMENT),
        (" ", MANAGEMENT),
        ("https://management.usgovcloudapi.net", "https://management.usgovcloudapi.net"),
        ("https://management.chinacloudapi.cn/", "https://management.chinacloudapi.cn"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_azure_resource_manager_of_a_cloud(value: str | None, expected: str) -> None:
    """The public cloud's, unless the environment names another."""
    environment = {} if value is None else {"AZURE_RESOURCE_MANAGER": value}
    assert management(environment) == expected


@pytest.mark.parametrize(
    "value",
    [
        "http://management.azure.com",
        "http://127.0.0.1.example.com",
        "https://user@management.azure.com",
        "https://management.azure.com/subscriptions",
        "https://management.azure.com?x",
        "https://management.azure.com:0",
        "https://management.azure.com:x",
        "https://[/",
        "management.azure.com",
        "ftp://127.0.0.1",
        "https://",
    ],
)
def test_a_token_goes_to_no_other_place(value: str) -> None:
    """The error names the variable and what is allowed; a user name is not repeated."""
    with pytest.raises(PathError, match="AZURE_RESOURCE_MANAGER") as caught:
        management({"AZURE_RESOURCE_MANAGER": value})
    assert "allowed: an https URL without path" in str(caught.value)
    assert "user@" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://management.usgovcloudapi.net", "https://management.usgovcloudapi.net"),
        ("http://127.0.0.1:8080", MANAGEMENT),
    ],
)
def test_what_a_token_is_asked_for(url: str, audience: str) -> None:
    """A cloud's Resource Manager is its own audience; what stands on loopback takes the public cloud's tokens."""
    here = Surroundings(hosts={}, name_servers=(), credential=lambda _: pytest.fail("asked"), management=url)
    assert here.management_audience == audience
