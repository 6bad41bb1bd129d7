"""Scenarios by what is expected of them; `beside` is what is told beside the cause."""

from lab.world import Scenario, World


def proven(name: str, shows: str, world: World, *beside: str) -> Scenario:
    """Nothing is wrong, and nothing may be found."""
    return Scenario(name=name, breaks=f"nothing: {shows}", verdict="proven", finding=None, world=world, beside=beside)


def degraded(name: str, breaks: str, finding: str, world: World, *beside: str) -> Scenario:
    """It works, with a warning."""
    return Scenario(name=name, breaks=breaks, verdict="degraded", finding=finding, world=world, beside=beside)


def exposed(name: str, breaks: str, finding: str, world: World, *beside: str) -> Scenario:
    """It works, but is not private, or answers strangers."""
    return Scenario(name=name, breaks=breaks, verdict="exposed", finding=finding, world=world, beside=beside)


def broken(name: str, breaks: str, finding: str, world: World, *beside: str) -> Scenario:
    """It does not work."""
    return Scenario(name=name, breaks=breaks, verdict="broken", finding=finding, world=world, beside=beside)


def inconclusive(name: str, breaks: str, finding: str, world: World, *beside: str) -> Scenario:
    """The agent cannot see enough to say."""
    return Scenario(name=name, breaks=breaks, verdict="inconclusive", finding=finding, world=world, beside=beside)
