"""What Azure itself says of the resources on the path: the reads of its control plane."""

from collections import defaultdict
from collections.abc import Sequence

from probes.records import Reading
from probes.tell.page.evidence import head, row
from probes.tell.page.markup import Markup, tag
from probes.tell.page.pieces import Sheet, section
from probes.tell.words import counted

PROVIDERS = "/providers/"


def azure(sheet: Sheet) -> Markup | None:
    """The section; none where nothing was read."""
    found = _by_resource(sheet)
    if not found:
        return None
    number = sum(map(len, found.values()))
    words = f"{counted(number, 'read')} of {counted(len(found), 'resource')}; it says the same to whoever asks."
    return section("azure", "What Azure says", tag("p", words, class_="hint"), read(sheet))


def read(sheet: Sheet) -> Markup | None:
    """One table, a group of rows for each resource; what belongs to a resource follows it."""
    found = _by_resource(sheet)
    if not found:
        return None
    caption = tag("caption", "Reads of Azure Resource Manager", class_="away")
    groups = [_group(sheet, found[key]) for key in sorted(found)]
    return tag("table", caption, head("Read", "What it says", "Took"), *groups, class_="azure")


def _group(sheet: Sheet, records: Sequence[Reading]) -> Markup:
    name, kind = named(records[0].resource_id)
    where = tag("code", records[0].resource_id)
    title = tag("th", tag("b", name), tag("span", kind), where, scope="rowgroup", colspan=3)
    return tag("tbody", tag("tr", title, class_="group"), *(row(sheet, record, record.kind) for record in records))


def _by_resource(sheet: Sheet) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = defaultdict(list)
    for record in sheet.sweep.observations:
        if isinstance(record, Reading):
            found[record.resource_id.lower()].append(record)
    return found


def named(resource_id: str) -> tuple[str, str]:
    """Name and type of a resource by its id; the last word of what is none."""
    _, found, after = resource_id.rpartition(PROVIDERS)
    namespace, *rest = after.strip("/").split("/")
    if not found or not rest:
        return resource_id.rpartition("/")[2] or resource_id, ""
    types, names = rest[0::2], rest[1::2]
    # A collection ends in a type without a name.
    return "/".join([*names, *types[len(names) :]]), "/".join([namespace, *types])
