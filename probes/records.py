"""What the observers write down: one frozen record a step, and no judgement in it.

Times: `started_ms` is counted from the start of the sweep, `duration_ms` is the step's own; both on a monotonic clock.
`None` means *not measured*, never zero and never "no". `failure` is `None` when the step did what it is for, and a
handshake that failed still carries the chain that was sent: evidence first.

`transaction` ties together the steps of one walk to one address (connect, handshake, request); the resolutions of an
attempt share one as well. `attempt` is 1, or 2 where a failing target was tried once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from probes.failure import Failure
from probes.resources import Content

SYSTEM = "system"
"""Name of the resolver that an application uses without asking: getaddrinfo, hosts file included."""
PLATFORM = "platform"
"""Name of the DNS servers behind it, asked by wire query, which shows the CNAME chain that getaddrinfo hides."""


class Step(StrEnum):
    """The operations on a target, in the order of a walk."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    HANDSHAKE = "handshake"
    REQUEST = "request"
    TOKEN = "token"  # noqa: S105 - the name of a step
    READ = "read"


class Vantage(StrEnum):
    """Where an observation was made."""

    PROBE = "probe"
    """The probe app's own subnet: the DNS of API Management, but not its routes and rules."""
    GATEWAY = "gateway"
    """API Management itself."""
    CLIENT = "client"
    OUTSIDE = "outside"
    """A network that must not reach the backend."""


class Credential(StrEnum):
    """What a request carries to show who it is."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    """A token for the target's own audience."""
    FOREIGN_TOKEN = "foreign-token"  # noqa: S105 - the same
    """A good token of the same tenant, for another audience."""
    OLD_KEY = "old-key"
    """A function key that was withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One step on one target: when, how long, how it failed.

    Attributes:
        id: unique within the sweep, in the order of the records.
        target: name of the target on the path.
        detail: free text for people, free of secrets; no rule reads it.
    """

    step: ClassVar[Step]

    id: str
    target: str
    vantage: Vantage
    transaction: str
    attempt: int
    started_ms: float
    duration_ms: float | None
    failure: Failure | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """One CNAME record (RFC 1034 section 3.6.2)."""

    name: str
    target: str
    ttl_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One A or AAAA record; `ttl_s` is `None` where getaddrinfo gave the address."""

    address: str
    ttl_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution(Observation):
    """One question to one resolver, or one getaddrinfo call.

    Attributes:
        resolver: `system`, `platform`, or the name of a resolver of the path.
        server: address of the name server asked, `None` for getaddrinfo.
        question_type: `A` or `AAAA`; `None` for getaddrinfo, which asks for both.
        transport: `udp`, `tcp` or `getaddrinfo`; the one that brought the answer, or the last one tried.
        truncated: the answer over UDP had TC set, so the question was put again over TCP.
        rcode: mnemonic of the response code (`NOERROR`, `NXDOMAIN`, ...), `None` where no answer came.
        aliases: the CNAME chain in order, from the name asked.
        addresses: the answer's addresses, of the end of the chain only.
        hosts_entry: addresses that the hosts file has for the name; `None` where it was not read (wire queries).
    """

    step: ClassVar[Step] = Step.RESOLVE

    resolver: str
    server: str | None
    question_name: str
    question_type: str | None
    transport: str
    truncated: bool
    rcode: str | None
    aliases: tuple[Alias, ...]
    addresses: tuple[Address, ...]
    hosts_entry: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Observation):
    """One TCP connection to one address.

    Attributes:
        resolver: name of the resolver whose answer gave the address; `None` where the URL itself is an address.
        source_address: own address of the connection, `None` where it was not made.
    """

    step: ClassVar[Step] = Step.CONNECT

    resolver: str | None
    address: str
    port: int
    source_address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate as sent (RFC 5280).

    Attributes:
        names: DNS names of subjectAltName; `addresses` its IP addresses.
        sha256: fingerprint of the DER form, lower-case hex.
        self_issued: subject and issuer are the same name.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    not_before_at: datetime
    not_after_at: datetime
    serial_number: str
    key: str
    sha256: str
    self_issued: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake(Observation):
    """One TLS handshake with SNI and full verification for the host name.

    Attributes:
        server_name: sent as SNI (never an address, RFC 6066 section 3) and verified.
        version: negotiated protocol, `None` where the handshake did not finish; so `cipher` and `alpn`.
        verify_code: OpenSSL's X509_V_ERR number of the first error found, 0 = verified, `None` = it did not
            come to that.
        chain: certificates as sent, leaf first; empty where none came.
        known_issuer: subject of an intermediate of the path's `intermediates_file` which was not sent, signed the last
            certificate sent, and is itself signed by a trust anchor; `None` = none known.
    """

    step: ClassVar[Step] = Step.HANDSHAKE

    address: str
    port: int
    server_name: str
    version: str | None
    cipher: str | None
    alpn: str | None
    verify_code: int | None
    verify_message: str | None
    chain: tuple[Certificate, ...]
    known_issuer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Observation):
    """One HTTP request and its response, on the connection of its transaction.

    Attributes:
        address: `None` where the gateway made the request and told only what came of it; so `port`.
        url: without query and fragment.
        credential: what the request carried.
        correlation_id: the `x-correlation-id` that was sent, `None` = none.
        status: `None` where no response head came.
        headers: names in lower case, only those of the allow-list in `probes.observe.request`.
        body: start of the body as text, secrets removed; `None` where none was read.
        body_bytes: bytes read, at most the cap; `body_truncated` = there was more than `body` holds.
        first_byte_ms: from the request sent to the response head; `body_ms`: from there to the end of the body.
    """

    step: ClassVar[Step] = Step.REQUEST

    address: str | None
    port: int | None
    method: str
    url: str
    credential: Credential
    correlation_id: str | None
    status: int | None
    reason: str | None
    headers: Mapping[str, str] = field(hash=False)
    body: str | None
    body_bytes: int | None
    body_truncated: bool
    first_byte_ms: float | None
    body_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Observation):
    """One access token asked for, never the token itself.

    Attributes:
        audience: what it was asked for.
        source: the kind of credential asked (`managed-identity`, ...).
        claims: those that are no secret: `aud`, `iss`, `appid`, `azp`, `oid`, `tid`, `roles`, `ver`, `idtyp`.
    """

    step: ClassVar[Step] = Step.TOKEN

    audience: str
    source: str
    expires_at: datetime | None
    claims: Mapping[str, str | tuple[str, ...]] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Observation):
    """One read of Azure Resource Manager: what Azure itself says of a resource, whoever asks and from wherever.

    A read that is refused, or that finds nothing, is a record as well: `denied`, `not_found`. Its target is the one for
    which it was read first; rules go by the resource.

    Attributes:
        resource_id: of the resource read, as the path or another reading names it.
        kind: of the content asked for, one of `probes.resources.CONTENTS`.
        status: of the last answer, `None` where none came.
        content: `None` where there is a failure.
    """

    step: ClassVar[Step] = Step.READ

    resource_id: str
    kind: str
    status: int | None
    content: Content | None


OBSERVATIONS: tuple[type[Observation], ...] = (Resolution, Connection, Handshake, Exchange, Token, Reading)
"""Every kind of record, one a step."""
