"""A private DNS zone (https://learn.microsoft.com/rest/api/dns/privatedns/private-zones)."""

from dataclasses import dataclass

from probes.resources.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneLink:
    """A virtual network that sees a private zone.

    Attributes:
        resolution_policy: `Default` or `NxDomainRedirect`.
        state: `InProgress`, `Completed`.
    """

    name: str
    virtual_network_id: str | None
    registration_enabled: bool | None
    resolution_policy: str | None
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneLinksContent(Content):
    """The links of a private DNS zone."""

    kind = "zone-links"

    links: tuple[ZoneLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContent(Content):
    """One A record set of a private zone; a read that found none is a failure `not_found`."""

    kind = "a-record"

    name: str
    ttl_s: int | None
    addresses: tuple[str, ...]
