"""Sweeps written by hand: every record of the article's healthy path, each with whatever a test changes about it.

    sweep(resolution(), connection(failure=Failure.REFUSED), findings=(finding("connect-refused"),))

Each builder makes the record as an observer would have written it; any field can be given by its name.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from probes.failure import Failure
from probes.judge.finding import Confidence, Finding, Judgement, Severity, Verdict
from probes.path import Path, from_mapping
from probes.records import (
    SYSTEM,
    Address,
    Alias,
    Certificate,
    Connection,
    Credential,
    Exchange,
    Handshake,
    Observation,
    Reading,
    Resolution,
    Token,
    Vantage,
)
from probes.resources import Content, SiteContent
from probes.sweep import Sweep

STARTED_AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SWEEP_ID = "0123456789abcdef0123456789abcdef"
HOST = "func-orders-prod.azurewebsites.net"
PRIVATELINK = "func-orders-prod.privatelink.azurewebsites.net"
PRIVATE = "10.80.20.4"
PUBLIC = "203.0.113.10"
PLATFORM_SERVER = "168.63.129.16"
AUDIENCE = "api://orders"
SITE_ID = "/subscriptions/0000/resourceGroups/rg-orders/providers/Microsoft.Web/sites/func-orders-prod"
TARGETS: tuple[Mapping[str, Any], ...] = (
    {
        "name": "gateway",
        "role": "gateway",
        "url": "https://api.internal.example.com/orders/health",
        "private_subnets": ["10.80.10.0/27"],
    },
    {
        "name": "backend",
        "role": "backend",
        "url": f"https://{HOST}/api/orders",
        "private_subnets": ["10.80.20.0/27"],
        "audience": AUDIENCE,
        "must_refuse": ["none"],
    },
    {"name": "scm", "role": "scm", "url": "https://func-orders-prod.scm.azurewebsites.net/", "expected_status": [401]},
)


def path(**keys: Any) -> Path:
    """The article's path; keys are those of the path file."""
    table = {"name": "orders", "resolvers": [{"name": "on-premises", "address": "10.80.40.4"}], "targets": TARGETS}
    table["targets"] = list(keys.pop("targets", TARGETS))
    return from_mapping({**table, **keys}, source="test")


def sweep(
    *observations: Observation,
    findings: Iterable[Finding] = (),
    verdict: Verdict = Verdict.PROVEN,
    **changes: Any,
) -> Sweep:
    """A sweep of these observations, judged as the test says."""
    fields: dict[str, Any] = {
        "sweep_id": SWEEP_ID,
        "path": path(),
        "started_at": STARTED_AT,
        "duration_ms": 41.5,
        "observations": observations,
        "judgement": Judgement(rules_version=1, verdict=verdict, findings=tuple(findings)),
    }
    return Sweep(**fields | changes)


def walk(target: str = "backend", *, attempt: int = 1) -> tuple[Observation, ...]:
    """Everything that one healthy visit to a target writes down."""
    place: dict[str, Any] = {"target": target, "attempt": attempt}
    return (
        resolution(**place),
        wire_resolution(**place),
        wire_resolution(**place, question_type="AAAA", addresses=(), failure=Failure.NO_DATA, started_ms=0.3),
        token(**place),
        connection(**place),
        handshake(**place),
        exchange(**place),
        exchange(**place, credential=Credential.NONE, status=401, reason="Unauthorized", started_ms=20.0),
    )


def resolution(*addresses: str, **changes: Any) -> Resolution:
    """A getaddrinfo call, which finds the private address unless others are named."""
    failed = changes.get("failure") is not None
    found = () if failed else addresses or (PRIVATE,)
    return _record(
        Resolution,
        SYSTEM,
        {
            "duration_ms": 2.125,
            "resolver": SYSTEM,
            "server": None,
            "question_name": HOST,
            "question_type": None,
            "transport": "getaddrinfo",
            "truncated": False,
            "rcode": None,
            "aliases": (),
            "addresses": tuple(Address(address=address, ttl_s=None) for address in found),
            "hosts_entry": (),
        },
        changes,
    )


def wire_resolution(resolver: str = "platform", *, question_type: str = "A", **changes: Any) -> Resolution:
    """A question to a name server, answered along the privatelink name with the private address."""
    return _record(
        Resolution,
        f"{resolver}/{question_type}",
        {
            "started_ms": 0.25,
            "duration_ms": 1.5,
            "resolver": resolver,
            "server": PLATFORM_SERVER,
            "question_name": HOST,
            "question_type": question_type,
            "transport": "udp",
            "truncated": False,
            "rcode": "NOERROR",
            "aliases": (Alias(name=HOST, target=PRIVATELINK, ttl_s=60),),
            "addresses": (Address(address=PRIVATE, ttl_s=10),),
            "hosts_entry": None,
        },
        changes,
    )


def connection(address: str = PRIVATE, **changes: Any) -> Connection:
    """A TCP connection to an address that the system's resolver gave."""
    return _walked(
        Connection,
        address,
        address,
        {
            "started_ms": 4.0,
            "duration_ms": 1.25,
            "resolver": SYSTEM,
            "source_address": None if changes.get("failure") else "10.80.30.4",
        },
        changes,
    )


def handshake(address: str = PRIVATE, **changes: Any) -> Handshake:
    """A verified TLS 1.3 handshake; what is negotiated is `None` where it failed, the chain is there all the same."""
    failed = changes.get("failure") is not None
    return _walked(
        Handshake,
        address,
        address,
        {
            "started_ms": 5.5,
            "duration_ms": 6.75,
            "server_name": HOST,
            "version": None if failed else "TLSv1.3",
            "cipher": None if failed else "TLS_AES_256_GCM_SHA384",
            "alpn": None,
            "verify_code": None if failed else 0,
            "verify_message": None,
            "chain": (certificate(),),
            "known_issuer": None,
        },
        changes,
    )


def exchange(address: str | None = PRIVATE, **changes: Any) -> Exchange:
    """A request with a token, answered 200."""
    credential = changes.get("credential", Credential.TOKEN)
    return _walked(
        Exchange,
        address,
        f"{address or 'gateway'}/{credential}",
        {
            "started_ms": 12.5,
            "duration_ms": 7.0,
            "port": None if address is None else 443,
            "method": "GET",
            "url": f"https://{HOST}/api/orders",
            "credential": credential,
            "correlation_id": SWEEP_ID,
            "status": 200,
            "reason": "OK",
            "headers": {"content-type": "application/json", "server": "Kestrel"},
            "body": '{"orders": []}',
            "body_bytes": 14,
            "body_truncated": False,
            "first_byte_ms": 6.5,
            "body_ms": 0.5,
        },
        changes,
    )


def token(**changes: Any) -> Token:
    """A token of the managed identity."""
    failed = changes.get("failure") is not None
    return _record(
        Token,
        AUDIENCE,
        {
            "duration_ms": 3.5,
            "audience": AUDIENCE,
            "source": "managed-identity",
            "expires_at": None if failed else STARTED_AT + timedelta(hours=1),
            "claims": {} if failed else {"aud": AUDIENCE, "roles": ("Orders.Read",), "ver": "2.0"},
        },
        changes,
    )


def certificate(*, days_left: float = 120, **changes: Any) -> Certificate:
    """The certificate of the Function app."""
    fields: dict[str, Any] = {
        "subject": "CN=*.azurewebsites.net,O=Lab",
        "issuer": "CN=Lab Issuing CA",
        "names": ("*.azurewebsites.net", "*.scm.azurewebsites.net"),
        "addresses": (),
        "not_before_at": STARTED_AT - timedelta(days=60),
        "not_after_at": STARTED_AT + timedelta(days=days_left),
        "serial_number": "2a",
        "key": "ec-secp256r1",
        "sha256": "ab" * 32,
        "self_issued": False,
    }
    return Certificate(**fields | changes)


def finding(name: str = "zone-not-linked", **changes: Any) -> Finding:
    """A root cause on the backend, an error with high confidence."""
    fields: dict[str, Any] = {
        "id": name,
        "severity": Severity.ERROR,
        "confidence": Confidence.HIGH,
        "targets": ("backend",),
        "masked_by": None,
        "evidence": ("backend/1/resolve/platform/A",),
        "summary": f"The cause of backend is {name}.",
        "supported_by": (),
        "weakened_by": (),
        "discarded": (),
        "fix": (),
    }
    return Finding(**fields | changes)


def reading(content: Content, name: str = "", **changes: Any) -> Reading:
    """A read of Azure; `name` is what its id has behind the kind."""
    failed = changes.get("failure") is not None
    return _record(
        Reading,
        f"{content.kind}/{name}" if name else content.kind,
        {
            "transaction": f"{changes.get('target', 'backend')}/1/azure",
            "duration_ms": 31.5,
            "resource_id": SITE_ID,
            "kind": content.kind,
            "status": 200,
            "content": None if failed else content,
        },
        changes,
    )


def site(**changes: Any) -> SiteContent:
    """The app as Azure tells of it, its public door closed."""
    fields: dict[str, Any] = {
        "state": "Running",
        "enabled": True,
        "availability_state": "Normal",
        "usage_state": "Normal",
        "default_host_name": HOST,
        "host_names": (HOST,),
        "public_network_access": "Disabled",
        "https_only": True,
        "client_cert_enabled": False,
        "subnet_id": None,
        "dns_servers": (),
    }
    return SiteContent(**fields | changes)


def _walked[R: Observation](
    kind: type[R], address: str | None, what: str, fields: dict[str, Any], changes: dict[str, Any]
) -> R:
    """A record of a walk to one address, with the walk's own transaction."""
    place = f"{changes.get('target', 'backend')}/{changes.get('attempt', 1)}/{address or 'gateway'}"
    port = {"port": 443} if address is not None else {}
    return _record(kind, what, {"transaction": place, "address": address, **port, **fields}, changes)


def _record[R: Observation](kind: type[R], what: str, fields: dict[str, Any], changes: dict[str, Any]) -> R:
    """A record named as `probes.observe.notebook.Notebook` names it."""
    target, attempt = changes.get("target", "backend"), changes.get("attempt", 1)
    common: dict[str, Any] = {
        "id": f"{target}/{attempt}/{kind.step}/{what}",
        "target": target,
        "vantage": Vantage.PROBE,
        "transaction": f"{target}/{attempt}",
        "attempt": attempt,
        "started_ms": 0.125,
        "failure": None,
        "detail": None,
    }
    return kind(**common | fields | changes)
