"""The state of a whole private path as data: what every name server answers and what stands at every address.

A scenario is the healthy world with something changed. Nothing here runs: the embedded lab turns a world into servers
on loopback, and another form of the lab may turn the same world into network namespaces.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lab.azure.knowledge import Azure
from lab.policy import deployed
from lab.policy.message import Backend


class NameServerFault(StrEnum):
    """How a name server misbehaves."""

    SILENT = "silent"
    """It takes the query, over UDP and TCP, and never answers."""
    CLOSED = "closed"
    """Nothing listens at its address."""
    SERVFAIL = "servfail"
    REFUSED = "refused"
    MALFORMED = "malformed"
    """It answers bytes that are no DNS message."""
    TRUNCATES = "truncates"
    """Every UDP answer has TC set and no records; TCP answers in full. Healthy, if a client knows the protocol."""
    SLOW = "slow"
    """It answers rightly after 700 ms."""


class ListenerFault(StrEnum):
    """How an address misbehaves below HTTP."""

    CLOSED = "closed"
    """RST in answer to SYN."""
    DROPS = "drops"
    """SYN is never answered."""
    RESETS = "resets"
    """RST once the ClientHello has come."""
    CLOSES = "closes"
    """FIN once the ClientHello has come."""
    SILENT = "silent"
    """TCP connects, and nothing ever comes."""
    PLAIN = "plain"
    """It speaks HTTP where TLS is expected."""
    OLD_TLS = "old-tls"
    """It offers TLS 1.1 at most."""


class SiteState(StrEnum):
    """What the App Service front end and the Functions host make of a request (facts: App Service's own pages)."""

    RUNNING = "running"
    STOPPED = "stopped"
    """403 `Site Disabled`, "This web app is stopped"."""
    HOST_DOWN = "host-down"
    """503 `Function host is not running.`"""
    OFFLINE = "offline"
    """503 with the page of app_offline.htm: a deployment is under way."""
    UNANSWERED = "unanswered"
    """502 of the front end: the app's instance does not answer it."""
    ERROR = "error"
    """500 of the application."""
    SLOW = "slow"
    """The application answers after 2.5 s."""
    HANGS = "hangs"
    """The application never answers."""
    TRUNCATES = "truncates"
    """The connection ends in the middle of the body."""
    GARBAGE = "garbage"
    """The answer is no HTTP."""


class Application(StrEnum):
    """Who answers behind a listener."""

    ORDERS = "orders"
    """The orders app, run by Microsoft's worker library."""
    OPEN = "open"
    """An orders app that forgot to ask who is calling: every route answers anybody."""
    CARELESS = "careless"
    """An orders app that takes any token, whoever it is for."""
    HOARDING = "hoarding"
    """An orders app that never drops a key: a withdrawn one still opens it, and a token with the right audience."""
    PROBE = "probe"
    """The probe app, where one runs beside the lab; else nobody: 503."""
    FORGETFUL = "forgetful"
    """An orders app that does not send `x-correlation-id` back."""
    STRANGER = "stranger"
    """Another application: 200 with a page of its own on every route."""
    LOGIN = "login"
    """302 to login.microsoftonline.com on every route."""
    MOVED = "moved"
    """301 to another host on every route."""


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A certificate to be made by the lab.

    Attributes:
        names: of subjectAltName.
        issuer: `lab` = intermediate below the lab's root, `unknown` = a root nobody trusts, `self` = itself.
        days_left: until notAfter, negative = expired.
        starts_in_days: until notBefore, negative = valid already.
        sends_intermediate: whether the chain as sent is complete.
    """

    names: tuple[str, ...]
    issuer: str = "lab"
    days_left: float = 120
    starts_in_days: float = -60
    sends_intermediate: bool = True


@dataclass(frozen=True, kw_only=True)
class Site:
    """A web app behind App Service's front end.

    Attributes:
        hosts: names bound to it; a request for any other host is answered 404 `Web Site not found`.
        public_access: publicNetworkAccess; a listener marked public answers 403 `Ip Forbidden` without it.
    """

    hosts: tuple[str, ...]
    application: Application = Application.ORDERS
    state: SiteState = SiteState.RUNNING
    public_access: bool = False


@dataclass(frozen=True, kw_only=True)
class StorageAccount:
    """A storage account, by its blob endpoint.

    Attributes:
        public_access: publicNetworkAccess; a listener marked public answers 403 `AuthorizationFailure` without it, and
            where its firewall's `default_action` is `Deny`.
    """

    host: str
    public_access: bool = False
    default_action: str = "Deny"


@dataclass(frozen=True, kw_only=True)
class KeyVault:
    """A key vault.

    Attributes:
        public_access: as of a storage account; the answers are 403 `ForbiddenByConnection` and `ForbiddenByFirewall`.
    """

    host: str
    public_access: bool = False
    default_action: str = "Deny"


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """API Management: what its calls run through.

    Attributes:
        hosts: names it answers to.
        named_values: what the policies name in double braces.
        policies: documents by the name of their file below infra/policies; the deployed ones, or changed. One of an
            operation is called `API/OPERATION.xml`.
        backends: backend entities by id.
        service_urls: of APIs by name, for those that no policy gives a backend.
        dropped: networks, to which what it sends is dropped on its way: a rule or a route of its own subnet.
        spent: calls that others have made in the periods under way of its limits.
        has_identity: whether its managed identity gives tokens.
        name_server: whose answers it lives by.
    """

    hosts: tuple[str, ...]
    named_values: Mapping[str, str]
    policies: Mapping[str, str] = field(default_factory=deployed.texts)
    backends: Mapping[str, Backend] = field(default_factory=dict)
    service_urls: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    spent: int = 0
    has_identity: bool = True
    name_server: str = "platform"


@dataclass(frozen=True, kw_only=True)
class Listener:
    """What stands at one address and port.

    Attributes:
        public: it is the public front end of what it serves.
        certificates: chosen by SNI, the first where none fits; empty = it speaks plain HTTP.
        serves: `None` where a fault keeps it from coming to HTTP.
    """

    address: str
    port: int = 443
    public: bool = False
    certificates: tuple[Leaf, ...] = ()
    serves: Site | StorageAccount | KeyVault | Gateway | None = None
    fault: ListenerFault | None = None


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A private DNS zone.

    Attributes:
        records: lines of owner (relative, `@` = the zone itself), TTL, type and data:
            `func-orders-prod 10 A 10.80.20.4`.
    """

    name: str
    records: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NameServer:
    """A resolver: the internet's records, and over them the private zones it sees.

    A zone is authoritative: a name below it without a record is NXDOMAIN, also at the end of a public CNAME.

    Attributes:
        public: lines of owner (absolute), TTL, type and data.
        zones: private zones linked to where it stands.
        falls_back: `resolutionPolicy: NxDomainRedirect`: NXDOMAIN in a zone is asked again of the internet.
    """

    address: str
    port: int = 53
    public: tuple[str, ...]
    zones: tuple[Zone, ...] = ()
    falls_back: bool = False
    fault: NameServerFault | None = None


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The managed identity of the probe, and what Entra puts into its tokens.

    Attributes:
        available: whether the identity endpoint gives tokens; else it answers 400 as App Service does.
        silent: the endpoint takes the request and never answers.
        roles: app roles granted.
        audience: put into every token in place of the one asked for, but for Azure's own management; `None` = the one
            asked for.
        lifetime_s: of a token; negative = expired when issued.
    """

    available: bool = True
    silent: bool = False
    roles: tuple[str, ...] = ("Orders.Read",)
    audience: str | None = None
    lifetime_s: int = 3600


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything at once.

    Attributes:
        name_servers: by name; `platform` is the one behind getaddrinfo, the others are resolvers of the path file.
        hosts: the hosts file of the machine, name to address.
        settings: app settings of the probe.
        dropped: networks, to which what the probe sends is dropped on its way.
        path: the path file as a table, `{ca_file}` standing for the lab's CA.
        azure: what only Azure knows; all the rest that it says is derived from the world.
    """

    name_servers: Mapping[str, NameServer]
    hosts: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    listeners: tuple[Listener, ...]
    identity: Identity = Identity()
    path: Mapping[str, object]
    azure: Azure = field(default_factory=Azure)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One named way in which a path may be.

    Attributes:
        breaks: what is broken, in one phrase; for a healthy variant, what it shows.
        verdict: expected.
        finding: id of the one root finding expected, `None` = no cause at all.
        beside: ids of what is told beside it, in their order: warnings, and what could not be read.
    """

    name: str
    breaks: str
    verdict: str
    finding: str | None
    world: World
    beside: tuple[str, ...] = ()

    @property
    def roots(self) -> list[str]:
        """Ids of the root findings expected, in their order."""
        return [*([self.finding] if self.finding else []), *self.beside]
