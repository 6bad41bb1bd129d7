"""Ids of Azure resources: one form for those of a path file and for those that an answer names.

An id becomes part of a URL that a token goes to, so it must be nothing else than an id.
"""

from probes.path.load import DOTS, RESOURCE_ID


def known(value: str | None) -> bool:
    """Whether the text has the form of a resource id, and leads nowhere else."""
    return value is not None and RESOURCE_ID.fullmatch(value) is not None and DOTS.isdisjoint(value.split("/"))


def of_kind(value: str | None, kind: str) -> bool:
    """Whether it is the id of a resource of that type, `Microsoft.Network/privateEndpoints`; types know no case."""
    return known(value) and type_of(value or "").lower() == kind.lower()


def type_of(value: str) -> str:
    """Its type: provider, and the first of each pair of segments behind it."""
    segments = value.strip("/").split("/")[5:]
    return "/".join([*segments[:1], *segments[1::2]])


def name_of(value: str) -> str:
    """Its last segment."""
    return value.rstrip("/").rpartition("/")[2]


def parent_of(value: str) -> str:
    """The resource that it is part of: the network of a subnet, the service of an API."""
    return "/".join(value.rstrip("/").split("/")[:-2])
