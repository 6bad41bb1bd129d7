"""From a TOML file, or the same content in an app setting (TOML or JSON), to a validated path."""

import json
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path as File
from re import ASCII, IGNORECASE
from re import compile as pattern
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from cryptography import x509

from probes.path.definition import ControlPlane, Network, Path, Resolver, Role, Target, Thresholds
from probes.path.reader import MISSING, PathError, Problem, Reader, as_bool, as_text, number, whole
from probes.records import PLATFORM, SYSTEM, Credential, Step, Vantage

NAME = pattern(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
NAME_ALLOWED = "lower-case letters, digits and hyphens, 1 to 64 characters"
HOST = pattern(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)*")
URL_ALLOWED = "an https or http URL with a host name or address, without user name, fragment, or key in the query"
RESOLVER_ALLOWED = "an address with an optional port: 10.80.40.4, 10.80.40.4:53, [fd00::53]:53"
METHODS = ("GET", "HEAD", "OPTIONS")
SECRET_PARAMETERS = frozenset({
    "access_token", "api-key", "api_key", "apikey", "client_secret", "code", "key", "password", "sig",
    "subscription-key", "token",
})  # fmt: skip
DEFAULT_TIMEOUT_S = {
    Step.RESOLVE: 3.0,
    Step.CONNECT: 3.0,
    Step.HANDSHAKE: 5.0,
    Step.REQUEST: 10.0,
    Step.TOKEN: 5.0,
    Step.READ: 10.0,
}
REFUSABLE = tuple(kind.value for kind in Credential if kind is not Credential.TOKEN)
FOREIGN_AUDIENCE = pattern(r"api://[A-Za-z0-9._~/-]+")
FOREIGN_ALLOWED = (
    "the api:// URI of an application of your own that grants nothing: whoever answers gets the token, so none for an "
    "Azure service"
)
SETTING = pattern(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
SETTING_ALLOWED = "the name of an app setting or environment variable; the key itself has no place in a path file"
RESOURCE_ALLOWED = "an Azure resource id: /subscriptions/.../resourceGroups/.../providers/..."
RESOURCE_ID = pattern(
    r"/subscriptions/[0-9a-f-]{1,64}/resourceGroups/[\w.()-]{1,90}/providers/[a-z.]{1,64}(?:/[\w.-]{1,80}){2,8}",
    IGNORECASE | ASCII,
)
"""It becomes part of a URL, so it must be nothing else."""
DOTS = frozenset({".", ".."})
"""Segments that an HTTP library takes as a way to another path."""
RESOURCES = (
    "site",
    "virtual_network",
    "private_endpoint",
    "private_dns_zone",
    "api_management",
    "storage",
    "key_vault",
    "probe_site",
    "workspace",
)
"""Kinds that a path file may name the resource of; `virtual_network` is the one of probe and API Management."""
DNS_PORT = 53
DEFAULT_STATUS: tuple[int, ...] = (200,)


def load(file: str | File) -> Path:
    """The path of a file; relative `ca_file` keys are taken from the file's own folder.

    Raises:
        PathError: naming every key that is wrong, or what keeps the file from being read.
    """
    file = File(file)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PathError(str(file), [Problem("file", str(file), f"a readable UTF-8 file ({reason(error)})")]) from None
    return loads(text, source=str(file), folder=file.parent)


def loads(text: str, *, source: str, folder: File | None = None) -> Path:
    """The path of a text, JSON where it starts with a brace and TOML otherwise; `source` names it in errors."""
    try:
        table = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also for a number of too many digits, or nesting without end
        raise PathError(source, [Problem("file", source, f"TOML, or JSON in braces ({error})")]) from None
    return from_mapping(table, source=source, folder=folder)


def from_mapping(table: Mapping[str, Any], *, source: str, folder: File | None = None) -> Path:
    """The path of a parsed table."""
    problems: list[Problem] = []
    path = _path(Reader(table, problems), folder or File())
    if problems:
        raise PathError(source, problems)
    return path


def reason(error: Exception) -> str:
    """What the operating system says, without the errno and the file name."""
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__


def _path(read: Reader, folder: File) -> Path:
    name = read.read("name", _name, NAME_ALLOWED)
    vantage = read.read("vantage", Vantage, _one_of(Vantage), default=Vantage.PROBE)
    resolvers = tuple(_resolver(table) for table in read.tables("resolvers"))
    targets = tuple(_target(table, folder) for table in read.tables("targets"))
    if not targets:
        read.problem("targets", [], "at least one target ([[targets]])")
    _unique(read, "resolvers", [resolver.name for resolver in resolvers])
    _unique(read, "targets", [target.name for target in targets])
    thresholds = read.table("thresholds")
    timeouts = read.table("step_timeout_s")
    identity = read.table("identity")
    resources = read.table("resources")
    path = Path(
        name=name or "",
        vantage=vantage,
        resolvers=resolvers,
        targets=targets,
        thresholds=Thresholds(
            certificate_days=thresholds.read("certificate_days", whole(0, 398), "0 to 398 days", default=30),
            slow_resolve_ms=thresholds.read("slow_resolve_ms", number(1, 60_000), "1 to 60000", default=500.0),
            slow_request_ms=thresholds.read("slow_request_ms", number(1, 230_000), "1 to 230000", default=2_000.0),
        ),
        deadline_s=read.read("deadline_s", number(1, 300), "1 to 300 seconds", default=20.0),
        step_timeout_s={
            step: timeouts.read(step.value, number(0.1, 60), "0.1 to 60 seconds", default=default)
            for step, default in DEFAULT_TIMEOUT_S.items()
        },
        concurrency=read.read("concurrency", whole(1, 1_000), "1 to 1000", default=50),
        client_id=identity.read("client_id", as_text, "the client id of a user-assigned identity", default=None),
        resources=_resources(resources),
        control_plane=read.read("control_plane", ControlPlane, _one_of(ControlPlane), default=ControlPlane.ALWAYS),
        closed=read.read("closed", as_bool, "true or false", default=None),
    )
    for reader in (thresholds, timeouts, identity, read):
        reader.done()
    return path


def _resolver(read: Reader) -> Resolver:
    name = read.read("name", _name, NAME_ALLOWED) or ""
    if name in {SYSTEM, PLATFORM}:
        read.problem("name", name, f"any name but {SYSTEM} and {PLATFORM}, which are always asked")
    address, port = read.read("address", _endpoint, RESOLVER_ALLOWED) or ("", DNS_PORT)
    read.done()
    return Resolver(name=name, address=address, port=port)


def _target(read: Reader, folder: File) -> Target:
    audience = read.read("audience", as_text, "an application (client) id or App ID URI", default=None)
    refuse = read.each("must_refuse", _refusable, f"one of {', '.join(REFUSABLE)}", default=())
    if refuse and audience is None:
        read.problem("must_refuse", [kind.value for kind in refuse], "only beside audience: what is accepted instead")
    foreign = read.read("foreign_audience", _foreign, FOREIGN_ALLOWED, default=None)
    old_key = read.read("old_key_setting", _setting, SETTING_ALLOWED, default=None)
    if foreign is not None and foreign == audience:
        read.problem("foreign_audience", foreign, "another audience than the target's own")
    for kind, name, value, allowed in (
        (Credential.FOREIGN_TOKEN, "foreign_audience", foreign, FOREIGN_ALLOWED),
        (Credential.OLD_KEY, "old_key_setting", old_key, SETTING_ALLOWED),
    ):
        if kind in refuse and value is None and not read.has(name):
            read.problem(name, MISSING, f"{allowed}; must_refuse has {kind}")
        if kind not in refuse and value is not None:
            read.problem(name, value, f'only beside must_refuse = ["{kind}"]')
    pem = partial(_pem, folder=folder)
    role = read.read("role", Role, _one_of(Role)) or Role.BACKEND
    url = read.read("url", _url, URL_ALLOWED) or "https://invalid"
    if audience is not None and not url.startswith("https:"):
        read.problem("audience", audience, "only beside an https URL: a token must not travel in the clear")
    method = read.read("method", _method, f"one that changes nothing: {', '.join(METHODS)}", default="GET")
    body_contains = read.read("body_contains", as_text, "text", default=None)
    if body_contains is not None and method == "HEAD":
        read.problem("body_contains", body_contains, "only beside a method whose answer has a body: GET, OPTIONS")
    target = Target(
        name=read.read("name", _name, NAME_ALLOWED) or "",
        role=role,
        url=url,
        method=method,
        private_subnets=read.each("private_subnets", _subnet, "a network in CIDR form, 10.80.20.0/27", default=()),
        expected_status=read.each("expected_status", whole(100, 599), "100 to 599", default=DEFAULT_STATUS)
        or DEFAULT_STATUS,
        body_contains=body_contains,
        ca_file=read.read("ca_file", pem, "a PEM file with certificates", default=None),
        intermediates_file=read.read("intermediates_file", pem, "a PEM file with certificates", default=None),
        audience=audience,
        must_refuse=tuple(dict.fromkeys(refuse)),
        foreign_audience=foreign,
        old_key_setting=old_key,
        correlation=read.read("correlation", as_bool, "true or false", default=role in {Role.GATEWAY, Role.BACKEND}),
        resource_id=read.read("resource", _resource_id, RESOURCE_ALLOWED, default=None),
    )
    read.done()
    return target


def _resources(read: Reader) -> dict[str, str]:
    found = {kind: read.read(kind, _resource_id, RESOURCE_ALLOWED, default="") for kind in RESOURCES}
    read.done()
    return {kind: value for kind, value in found.items() if value}


def _unique(read: Reader, name: str, values: list[str]) -> None:
    for place, value in enumerate(values):
        if value and value in values[:place]:
            read.problem(f"{name}[{place}].name", value, f"a name of its own: {name}[{values.index(value)}] has it")


def _one_of(kind: type[StrEnum]) -> str:
    return "one of " + ", ".join(member.value for member in kind)


def _name(value: Any) -> str:
    if not NAME.fullmatch(as_text(value)):
        raise ValueError
    return str(value)


def _method(value: Any) -> str:
    if value not in METHODS:
        raise ValueError
    return str(value)


def _refusable(value: Any) -> Credential:
    if value not in REFUSABLE:
        raise ValueError
    return Credential(value)


def _foreign(value: Any) -> str:
    if not FOREIGN_AUDIENCE.fullmatch(as_text(value)):
        raise ValueError
    return str(value)


def _setting(value: Any) -> str:
    if not SETTING.fullmatch(as_text(value)):
        raise ValueError
    return str(value)


def _subnet(value: Any) -> Network:
    text = as_text(value)
    if "/" not in text:
        raise ValueError
    return ip_network(text)


def _resource_id(value: Any) -> str:
    text = as_text(value)
    if not RESOURCE_ID.fullmatch(text) or not DOTS.isdisjoint(text.split("/")):
        raise ValueError
    return text


def _pem(value: Any, *, folder: File) -> str:
    file = folder / as_text(value)
    try:
        text = file.read_text(encoding="ascii")
    except OSError as error:
        raise ValueError from error
    x509.load_pem_x509_certificates(text.encode("ascii"))
    return str(file)


def _endpoint(value: Any) -> tuple[str, int]:
    text = as_text(value)
    try:
        return str(ip_address(text)), DNS_PORT
    except ValueError:
        parts = urlsplit(f"//{text}")
        if parts.path or parts.query or parts.fragment or parts.username is not None or parts.port == 0:
            raise
        return str(ip_address(parts.hostname or "")), parts.port or DNS_PORT


def _url(value: Any) -> str:
    text = as_text(value)
    parts = urlsplit(text)
    host = (parts.hostname or "").rstrip(".")
    secret = SECRET_PARAMETERS & {name.lower() for name in parse_qs(parts.query, keep_blank_values=True)}
    if parts.scheme not in {"https", "http"} or parts.username is not None or parts.fragment or secret:
        raise ValueError
    if not text.isascii() or not text.isprintable() or " " in text or not (_is_address(host) or HOST.fullmatch(host)):
        raise ValueError
    if parts.port == 0:
        raise ValueError
    return _normal(parts)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _normal(parts: SplitResult) -> str:
    return parts._replace(path=parts.path or "/").geturl()
