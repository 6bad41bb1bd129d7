"""API Management's own test of a backend (connectivityCheck): the one look from its network."""

from dataclasses import replace

from probes.judge.rule import Match
from probes.judge.scene import Scene
from probes.path import Role
from probes.resources import ConnectivityContent

CONNECTED = "connected"


def checks(scene: Scene) -> list[tuple[str, ConnectivityContent]]:
    """API Management's own tests of the path's backends, with the ids of their readings."""
    hosts = {view.target.host for view in scene.having(Role.BACKEND)}
    found = scene.azure.readings.every_of(ConnectivityContent)
    return [(reading.id, content) for reading, content in found if content.destination.lower() in hosts]


def check_issues(scene: Scene) -> str:
    """What these tests find wrong, in Azure's words; empty = nothing, or no test."""
    issues = (issue for _, content in checks(scene) for hop in content.hops for issue in hop.issues)
    return ", ".join(dict.fromkeys(issues))


def checked(scene: Scene, match: Match) -> Match:
    """A match of gateway-cannot-reach-backend with what the gateway's own test adds."""
    told = checks(scene)
    if not told:
        return replace(match, words={**match.words, "check": ""})
    content = told[0][1]
    issues = check_issues(scene)
    passed = (content.status or "").lower() == CONNECTED
    says = f"{content.destination}:{content.port} is {content.status or 'Unknown'}{f' ({issues})' if issues else ''}"
    return replace(
        match,
        evidence=(*match.evidence, *(name for name, _ in told)),
        words={**match.words, "check": says, "check_passed" if passed else "check_failed": says},
    )
