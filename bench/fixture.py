"""The servers that are asked: nginx with a chain shaped as Azure's, and NSD with a private zone.

nginx and NSD, and nothing in Python: a slow server would hide the difference between two probers.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path as File

import trustme

from bench.packages import Tools
from bench.service import service

NAME_SERVER = "127.80.53.1"
DNS_PORT = 53
HTTPS_PORT = 443
SUBNET = "127.80.20.0/24"
ADDRESSES = tuple(f"127.80.20.{last}" for last in range(1, 201))
ZONE = "azurewebsites.test"
HEALTH = "/api/health"
BODY = '{"status":"healthy","version":"1.0.0","checks":{"storage":"ok","database":"ok","queue":"ok"},"uptime_s":86400}'

NGINX = """
daemon off;
master_process off;
user root root;
pid {folder}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    # A full handshake each time: a resumed one shows no certificate.
    ssl_session_cache off;
    ssl_session_tickets off;
    ssl_certificate {folder}/chain.pem;
    ssl_certificate_key {folder}/key.pem;
    server {{
        {listen}
        location = {health} {{
            default_type application/json;
            add_header x-correlation-id $http_x_correlation_id;
            return 200 '{body}';
        }}
    }}
}}
"""
# Answers to one client are limited to 200 a second by default (rrl), which would be taken for loss.
NSD = """
server:
    ip-address: {name_server}
    port: {port}
    username: ""
    server-count: 1
    rrl-ratelimit: 0
    database: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
remote-control:
    control-enable: no
zone:
    name: "{zone}"
    zonefile: "zone"
"""


def host(number: int) -> str:
    """Name of one target; the private name behind it is a CNAME away, as with a Private Endpoint."""
    return f"func-{number:04}.{ZONE}"


def url(number: int) -> str:
    """URL of one target."""
    return f"https://{host(number)}{HEALTH}"


def ca_file(folder: File) -> File:
    """Where the root is that vouches for every target."""
    return folder / "ca.pem"


@contextmanager
def fixture(tools: Tools, folder: File, *, targets: int) -> Iterator[None]:
    """Run the servers for so many targets until the block ends, in a namespace of this process's own."""
    write_certificates(folder)
    listen = "\n        ".join(f"listen {address}:{HTTPS_PORT} ssl backlog=4096;" for address in ADDRESSES)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, listen=listen, health=HEALTH, body=BODY), "ascii")
    (folder / "nsd.conf").write_text(
        NSD.format(name_server=NAME_SERVER, port=DNS_PORT, folder=folder, zone=ZONE), "ascii"
    )
    (folder / "zone").write_text(zone(targets), "ascii")
    nginx = [tools.nginx, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    nsd = [tools.nsd, "-d", "-c", str(folder / "nsd.conf")]
    with ExitStack() as stack:
        for command, listens_at in ((nginx, (ADDRESSES[0], HTTPS_PORT)), (nsd, (NAME_SERVER, DNS_PORT))):
            log = folder / f"{File(command[0]).name}.log"
            stack.enter_context(service(command, listens_at=listens_at, environment=tools.environment, log=log))
        yield


def write_certificates(folder: File) -> None:
    """Root, intermediate and one leaf for all, RSA-2048 each, as Azure's chains are."""
    root = trustme.CA(key_type=trustme.KeyType.RSA)
    issuing = root.create_child_ca(key_type=trustme.KeyType.RSA)
    names = [f"*.{ZONE}", *(f"*.{label}.{ZONE}" for label in ("scm", "sso", "c", "p"))]
    leaf = issuing.issue_cert(*names, key_type=trustme.KeyType.RSA)
    root.cert_pem.write_to_path(ca_file(folder))
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    for place, certificate in enumerate(leaf.cert_chain_pems):
        certificate.write_to_path(folder / "chain.pem", append=place > 0)


def zone(targets: int) -> str:
    """The zone file: CNAME to the private name and its A record, in one answer; no name has an AAAA record."""
    lines = [
        f"$ORIGIN {ZONE}.",
        "$TTL 300",
        "@ SOA ns hostmaster 1 3600 600 86400 300",
        "@ NS ns",
        f"ns A {NAME_SERVER}",
    ]
    for number in range(targets):
        label = host(number).partition(".")[0]
        lines.append(f"{label} CNAME {label}.privatelink")
        lines.append(f"{label}.privatelink A {ADDRESSES[number % len(ADDRESSES)]}")
    return "\n".join(lines) + "\n"
