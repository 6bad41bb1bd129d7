"""What the rules of every stage share to ask of a scene."""

from dataclasses import replace

from probes.judge.rule import Clue, Match, Stage
from probes.judge.scene import Scene, View

DOWNSTREAM = (Stage.CONNECT, Stage.HANDSHAKE, Stage.REQUEST, Stage.IDENTITY)
"""Everything that follows from a wrong address."""


def hit(scene: Scene, match: Match) -> list[View]:
    """The views of the targets of a match."""
    return [scene.view(name) for name in match.targets]


def always(_scene: Scene, _match: Match) -> bool:
    return True


def having(word: str, says: str) -> Clue:
    """A clue that holds where the match has a word."""

    def holds(_scene: Scene, match: Match) -> bool:
        return word in match.words

    return Clue(says=says, holds=holds)


def lacking(word: str, says: str) -> Clue:
    """A clue that holds where the match lacks a word."""

    def holds(_scene: Scene, match: Match) -> bool:
        return word not in match.words

    return Clue(says=says, holds=holds)


def latent(match: Match) -> Match:
    """A match that rests on the configuration alone: nothing on the walk shows it."""
    return replace(match, latent=True, aside=True)
