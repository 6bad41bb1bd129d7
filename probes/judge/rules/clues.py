"""What the rules of every stage share to ask of a scene."""

from probes.judge.rule import Match, Stage
from probes.judge.scene import Scene, View

DOWNSTREAM = (Stage.CONNECT, Stage.HANDSHAKE, Stage.REQUEST, Stage.IDENTITY)
"""Everything that follows from a wrong address."""


def hit(scene: Scene, match: Match) -> list[View]:
    """The views of the targets of a match."""
    return [scene.view(name) for name in match.targets]


def always(_scene: Scene, _match: Match) -> bool:
    return True
