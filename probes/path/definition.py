"""What should be: one private API flow as its path file describes it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from probes.records import Credential, Step, Vantage

Network = IPv4Network | IPv6Network

PRIVATE_SPACE: tuple[Network, ...] = tuple(
    ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
"""RFC 1918 and RFC 4193. Not `ipaddress.is_private`: that also says yes to loopback and the documentation networks."""


class ControlPlane(StrEnum):
    """When a sweep reads Azure Resource Manager: only where the path names resources, and then ..."""

    ALWAYS = "always"
    ON_TROUBLE = "on-trouble"
    """... once the walk has found something that is not as it should be."""
    NEVER = "never"


class Role(StrEnum):
    """What a target is on the path."""

    GATEWAY = "gateway"
    """API Management, by the name that clients use."""
    BACKEND = "backend"
    """The Function app, by the name that API Management uses."""
    SCM = "scm"
    """Its deployment site."""
    STORAGE = "storage"
    KEY_VAULT = "key-vault"
    INGESTION = "ingestion"
    """Where telemetry is sent."""


RESOURCE_KINDS = {
    Role.GATEWAY: "api_management",
    Role.BACKEND: "site",
    Role.SCM: "site",
    Role.STORAGE: "storage",
    Role.KEY_VAULT: "key_vault",
}
"""Key of `resources` that stands for every target of a role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """A DNS server asked beside the platform's own."""

    name: str
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on a measurement is worth a warning."""

    certificate_days: int
    slow_resolve_ms: float
    slow_request_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One endpoint on the path and what is expected of it.

    Attributes:
        url: https or http, host name and path, no credentials and no fragment.
        private_subnets: where its address must lie; empty = anywhere in RFC 1918 or RFC 4193 space.
        expected_status: of a request with the target's own credential (token, or none where it has no audience).
        body_contains: text that only the right application's answer holds; `None` = not checked.
        ca_file: PEM file of trust anchors in place of the system's store.
        intermediates_file: PEM file of intermediates that are not trusted, only known: with them a chain that a server
            sends incomplete is told from one that nobody vouches for.
        audience: resource that a token is asked for; `None` = requests carry none.
        must_refuse: credentials with which the target must not answer 2xx.
        foreign_audience: what a token is asked for that the target must refuse: an application of one's own that
            grants nothing, for whoever answers gets it.
        old_key_setting: name of the app setting or environment variable with a withdrawn function key.
        correlation: the target must send `x-correlation-id` back.
        resource_id: of the Azure resource that it is, `None` = the path's own of the target's role.
    """

    name: str
    role: Role
    url: str
    method: str
    private_subnets: tuple[Network, ...]
    expected_status: tuple[int, ...]
    body_contains: str | None
    ca_file: str | None
    intermediates_file: str | None
    audience: str | None
    must_refuse: tuple[Credential, ...]
    foreign_audience: str | None
    old_key_setting: str | None
    correlation: bool
    resource_id: str | None = None

    @property
    def credential(self) -> Credential:
        """The target's own: with it, the answer must be the one expected."""
        return Credential.NONE if self.audience is None else Credential.TOKEN

    @property
    def host(self) -> str:
        """Host of the URL in lower case, without brackets and trailing dot."""
        return (urlsplit(self.url).hostname or "").rstrip(".")

    @property
    def port(self) -> int:
        """Port of the URL, or its scheme's own."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def https(self) -> bool:
        """Whether there is a handshake on this target."""
        return urlsplit(self.url).scheme == "https"

    @property
    def literal(self) -> IPv4Address | IPv6Address | None:
        """The address, where the URL's host is one: a finding, and nothing to resolve."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def must_be_private(self) -> bool:
        """Ingestion may be public; everything else on a private path must not be, unless subnets say where it lies."""
        return self.role is not Role.INGESTION or bool(self.private_subnets)

    def is_private(self, address: str) -> bool:
        """Whether the address lies in the expected subnets or, where none are given, in private space at all."""
        return any(parsed(address) in net for net in self.private_subnets or PRIVATE_SPACE)


@lru_cache(maxsize=4096)
def parsed(address: str) -> IPv4Address | IPv6Address:
    """The address as such; remembered, for each rule asks of the same few again. Raises ValueError."""
    return ip_address(address)


def is_private_space(address: str) -> bool:
    """Whether the address lies in RFC 1918 or RFC 4193 space, expected there or not."""
    return any(parsed(address) in net for net in PRIVATE_SPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One private API flow, the unit of work.

    Attributes:
        resolvers: those of the path file; the system's and the platform's own are always asked as well.
        deadline_s: a sweep ends by then, whatever the network does.
        step_timeout_s: the longest that one step may take, one entry for each step.
        concurrency: targets walked at the same time.
        client_id: of the user-assigned identity that tokens are asked for; `None` = the system-assigned one.
        resources: Azure resource ids by kind, for commands and for the reads of the control plane.
        control_plane: when these are read.
        closed: public access is meant to be closed by now: what Azure says otherwise is an exposure. `None` = the path
            does not say, and it is closed once the private path is proven.
    """

    name: str
    vantage: Vantage
    resolvers: tuple[Resolver, ...]
    targets: tuple[Target, ...]
    thresholds: Thresholds
    deadline_s: float
    step_timeout_s: dict[Step, float]
    concurrency: int
    client_id: str | None
    resources: dict[str, str]
    control_plane: ControlPlane = ControlPlane.ALWAYS
    closed: bool | None = None

    def resource_of(self, target: Target) -> str | None:
        """Id of the Azure resource that the target is, its own or the path's of its role."""
        kind = RESOURCE_KINDS.get(target.role)
        return target.resource_id or (None if kind is None else self.resources.get(kind))

    @property
    def service_id(self) -> str | None:
        """Id of API Management: of the first gateway that has one, or the path's own."""
        gateways = (self.resource_of(target) for target in self.targets if target.role is Role.GATEWAY)
        return next((found for found in gateways if found), self.resources.get(RESOURCE_KINDS[Role.GATEWAY]))

    def target(self, name: str) -> Target | None:
        """The target of that name."""
        return next((target for target in self.targets if target.name == name), None)
