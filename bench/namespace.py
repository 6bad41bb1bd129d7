"""A network and a mount namespace of this process's own (namespaces(7)): a loopback nobody else is on.

getaddrinfo and the exporter read `/etc/resolv.conf` and ask port 53, and neither can be told otherwise. In here that
file is the fixture's, and the only network is loopback.
"""

import fcntl
import os
import socket
import struct
import subprocess
from pathlib import Path as File

from bench.errors import UnavailableError

SIOCSIFFLAGS = 0x8914
"""Set the flags of an interface (netdevice(7))."""
IFF_UP = 0x1


def enter(name_server: str, folder: File) -> None:
    """Move this process, and all it starts from now on, onto its own loopback with that name server.

    Without root it becomes root of a user namespace, as `unshare --map-root-user` does. There is no way back.

    Raises:
        UnavailableError: the machine does not permit it.
    """
    uid, gid = os.geteuid(), os.getegid()
    try:
        os.unshare(os.CLONE_NEWNS | os.CLONE_NEWNET | (os.CLONE_NEWUSER if uid != 0 else 0))
        if uid != 0:
            File("/proc/self/setgroups").write_text("deny", encoding="ascii")
            File("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
            File("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")
        _raise_loopback()
    except OSError as error:
        raise UnavailableError(f"no namespaces for this user ({error.strerror}): run it as root") from None
    resolv_conf = folder / "resolv.conf"
    resolv_conf.write_text(f"nameserver {name_server}\n", encoding="ascii")
    _mount("--make-rprivate", "/")
    _mount("--bind", str(resolv_conf), "/etc/resolv.conf")


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UnavailableError(f"mount {' '.join(arguments)}: {done.stderr.strip()}")
