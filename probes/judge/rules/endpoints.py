"""The predicates on Private Endpoints by Azure's word: their state, and their addresses beside what DNS says."""

from collections.abc import Iterator, Mapping, Sequence

from probes.judge.azure import Endpoint
from probes.judge.azure.readings import resource_name, segment
from probes.judge.rule import Match
from probes.judge.rules.words import site, words, zone_words
from probes.judge.scene import Answer, Scene, View
from probes.path import Role

PENDING = "pending"


def endpoint_not_approved(scene: Scene) -> Iterator[Match]:
    """Of an endpoint that others stand beside, only where the name leads to that one."""
    if scene.azure.silent:
        return
    for view in scene.views:
        answer = view.dns
        if answer is None or not view.must_be_private or view.target.role is Role.GATEWAY:
            continue
        if view.works and not view.public(answer.addresses):
            continue
        closed = leading_nowhere(view, answer)
        if closed:
            public = view.public(answer.addresses)
            missing = answer.negative and answer.privatelink is not None
            yield Match(
                targets=(view.target.name,),
                subject=closed[0].id or site(view.target.host),
                evidence=(*answer.ids, *dict.fromkeys(name for one in closed for name in one.ids)),
                words={
                    **words(view),
                    **state_words(view, closed[0]),
                    **({"record_name": zone_words(answer.privatelink or "")["record"]} if missing else {}),
                },
                exposes=public,
            )


def leading_nowhere(view: View, answer: Answer) -> list[Endpoint]:
    """Endpoints that are not approved, and that the name leads to, or would."""
    known = view.scene.azure.endpoints(view.target)
    if not known.every:
        return []
    if answer.addresses and view.private(answer.addresses):
        there = [known.at(address) for address in answer.addresses]
        return [one for one in there if one is not None] if all(one and one.approved is False for one in there) else []
    # A public chain with the privatelink name, or a record that is missing there, may have causes of its own.
    told = view.scene.azure.connections(view.target)[0] is not None
    leads_past = answer.negative or answer.privatelink is None
    every = told and all(one.approved is False for one in known.every)
    return list(known.every) if every and leads_past and (answer.privatelink or answer.addresses) else []


def state_words(view: View, endpoint: Endpoint) -> Mapping[str, str]:
    """An endpoint and its state, as sentences and commands name them."""
    resource = view.scene.azure.resource(view.target)
    status = endpoint.status or "not approved"
    found = {
        "endpoint": endpoint.name,
        "endpoint_group": segment(endpoint.id, "resourceGroups") or words(view)["net_group"],
        "at": f" ({', '.join(endpoint.addresses)})" if endpoint.addresses else "",
        "status": status,
        "described": f" («{endpoint.description}»)" if endpoint.description else "",
    }
    if status.lower() == PENDING:
        found |= {
            "pending_endpoint": endpoint.name,
            "pending_resource": resource or "RESOURCE_ID",
            "resource_name": resource_name(resource) or "the resource",
            "connection_id": endpoint.connection_id or "CONNECTION_ID",
        }
    else:
        found |= {"dead_status": status, "dead_endpoint_id": endpoint.id or "PRIVATE_ENDPOINT_ID"}
    return found


def no_endpoints_address(view: View, addresses: Sequence[str]) -> bool:
    """Whether Azure tells every address of the target's endpoints, and none of these is among them."""
    known = view.scene.azure.endpoints(view.target)
    return known.complete and bool(known.addresses) and set(addresses).isdisjoint(known.addresses)


def stale_words(view: View, address: str, *, expected: bool) -> Mapping[str, str]:
    """What Azure says of an address that a record has, for the sentence of record-stale."""
    azure = view.scene.azure
    known = azure.endpoints(view.target)
    at = known.at(address)
    if azure.silent or view.target.role is Role.GATEWAY:
        return {}
    if at is not None and at.approved is not False:
        return {"known_endpoint": at.name}
    if not known.complete or not known.addresses:
        return {}
    owner = azure.owner(address)
    whose = f", but of {resource_name(owner[0])}, an endpoint of {resource_name(owner[1].service_id)}" if owner else ""
    place = "" if expected else "lies outside the subnets that the path expects, and "
    right = tuple(dict.fromkeys(known.addresses))
    return {
        "misfit": f"{place}is no address of its Private Endpoint by Azure ({', '.join(right)}){whose}",
        "azure_addresses": ", ".join(right),
        **({"right_address": right[0]} if len(right) == 1 else {}),
    }
