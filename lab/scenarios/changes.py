"""One change to a world, so that a scenario reads as what it breaks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from lab.world import Gateway, Listener, World, Zone

Table = Mapping[str, Any]


def change_name_server(world: World, *names: str, **changes: Any) -> World:
    """The world with these fields of the named name servers changed; of all of them where none is named."""
    chosen = names or tuple(world.name_servers)
    changed = {name: replace(world.name_servers[name], **changes) for name in chosen}
    return replace(world, name_servers={**world.name_servers, **changed})


def change_zone(world: World, zone: str, records: tuple[str, ...] | None, *names: str) -> World:
    """The world with these records in a zone of the named name servers (all where none is named).

    A zone that a server does not see yet is linked to it; `None` unlinks it.
    """
    for name in names or tuple(world.name_servers):
        others = tuple(seen for seen in world.name_servers[name].zones if seen.name != zone)
        linked = () if records is None else (Zone(name=zone, records=records),)
        world = change_name_server(world, name, zones=others + linked)
    return world


def change_listener(world: World, address: str, **changes: Any) -> World:
    """The world with these fields of the listener at an address changed; KeyError where none stands there."""
    changed = replace(listener_at(world, address), **changes)
    return replace(
        world,
        listeners=tuple(changed if listener.address == address else listener for listener in world.listeners),
    )


def copy_listener(world: World, address: str, to: str) -> World:
    """The world with what stands at one address standing at another as well; KeyError where nothing does."""
    return add_listener(world, replace(listener_at(world, address), address=to))


def add_listener(world: World, listener: Listener) -> World:
    """The world with one more listener."""
    return replace(world, listeners=(*world.listeners, listener))


def remove_listener(world: World, address: str) -> World:
    """The world with nothing, and no route, at an address; KeyError where nothing stands there."""
    gone = listener_at(world, address)
    return replace(world, listeners=tuple(listener for listener in world.listeners if listener is not gone))


def listener_at(world: World, address: str) -> Listener:
    """What stands at an address; KeyError where nothing does."""
    return {listener.address: listener for listener in world.listeners}[address]


def change_path(world: World, **changes: Any) -> World:
    """The world with these keys of the path file changed."""
    return replace(world, path={**world.path, **changes})


def change_target(world: World, name: str, **changes: Any) -> World:
    """The world with these keys of one target changed; `None` leaves the key out. KeyError where it has none such."""
    targets = {target["name"]: target for target in cast("list[Table]", world.path["targets"])}
    changed = {**targets[name], **changes}
    targets[name] = {key: value for key, value in changed.items() if value is not None}
    return change_path(world, targets=list(targets.values()))


def changed_policy(gateway: Gateway, file: str, old: str, new: str) -> Gateway:
    """The gateway with a text in a policy document replaced; raises ValueError where it does not stand there once."""
    text = gateway.policies[file]
    if text.count(old) != 1:
        raise ValueError(f"{file} holds {text.count(old)} times: {old}")
    return replace(gateway, policies={**gateway.policies, file: text.replace(old, new)})
