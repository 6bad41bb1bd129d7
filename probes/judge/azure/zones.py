"""A private zone as Azure tells of it: where it is linked, how a link behaves, what it holds for a name."""

from collections.abc import Sequence
from dataclasses import dataclass

from probes.judge.azure.readings import Found, Readings, normal, resource_name, segment
from probes.resources import RecordContent, ZoneLink, ZoneLinksContent, same

FALLS_BACK = "nxdomainredirect"
COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateZone:
    """One private zone, and the record of one name in it.

    Attributes:
        id: of the zone; `record_name` relative to it.
        networks: ids of the networks in which the resolver may stand, `None` = that is not known.
        linked: to each of them; `None` = to some of them only, or not known.
        link: to the first of them that has one.
    """

    id: str
    record_name: str
    links: Found[ZoneLinksContent]
    record: Found[RecordContent]
    networks: tuple[str, ...] | None
    linked: bool | None
    link: ZoneLink | None

    @property
    def name(self) -> str:
        """Name of the zone."""
        return resource_name(self.id) or ""

    @property
    def group(self) -> str | None:
        """Resource group of the zone: in a hub another one than the network's."""
        return segment(self.id, "resourceGroups")

    @property
    def subscription(self) -> str | None:
        """Subscription of the zone."""
        return segment(self.id, "subscriptions")

    @property
    def falls_back(self) -> bool | None:
        """Whether the link asks the internet where the zone has no record; `None` = Azure does not say."""
        if self.link is None or self.link.resolution_policy is None:
            return None
        return self.link.resolution_policy.lower() == FALLS_BACK

    @property
    def in_progress(self) -> bool:
        """Whether the link is still being made."""
        return self.link is not None and (self.link.state or COMPLETED).lower() != COMPLETED

    @property
    def addresses(self) -> tuple[str, ...] | None:
        """Addresses of the record, empty = there is none, `None` = not known."""
        if self.record.missing:
            return ()
        return None if self.record.content is None else self.record.content.addresses

    @property
    def ids(self) -> tuple[str, ...]:
        """Of the readings, evidence."""
        return (*self.links.ids, *self.record.ids)


def private_zone(
    readings: Readings, zone: str, record: str, networks: tuple[str, ...] | None, preferred: Sequence[str]
) -> PrivateZone | None:
    """The zone of that name that matters: the one that is linked here, else a preferred one; `None` = none was read.

    Several zones may have one name, in several resource groups; a network can be linked to one of them only.
    """
    names = [reading.resource_id for reading in readings.attempts(ZoneLinksContent)]
    zones = {normal(zone_id(name)): zone_id(name) for name in names}
    mine = [each for each in zones.values() if (resource_name(each) or "").lower() == zone.lower()]
    found = [described(readings, each, record, networks) for each in mine]
    found.sort(key=lambda each: (each.linked is not True, not any(same(each.id, one) for one in preferred)))
    if not found:
        return None
    # Of several zones one that could not be read may be the one that is linked.
    hidden = any(each.linked is None for each in found)
    first = found[0]
    return described(readings, first.id, record, None) if first.linked is False and hidden else first


def zone_id(resource_id: str) -> str:
    """The zone of what belongs to it."""
    parts = resource_id.split("/")
    lower = [part.lower() for part in parts]
    place = lower.index("privatednszones") if "privatednszones" in lower else len(parts)
    return "/".join(parts[: place + 2])


def described(readings: Readings, zone: str, record: str, networks: tuple[str, ...] | None) -> PrivateZone:
    """What was read of a zone."""
    links = readings.of(ZoneLinksContent, zone)
    linked, link = None, None
    if links.content is not None and networks:
        mine = [linked_to(links.content, network) for network in networks]
        link = next((each for each in mine if each is not None), None)
        linked = True if all(mine) else None if any(mine) else False
    return PrivateZone(
        id=zone,
        record_name=record,
        links=links,
        record=readings.of(RecordContent, f"{zone}/A/{record}"),
        networks=networks,
        linked=linked,
        link=link,
    )


def linked_to(links: ZoneLinksContent, network: str) -> ZoneLink | None:
    """The link to a network."""
    return next((link for link in links.links if same(link.virtual_network_id, network)), None)
