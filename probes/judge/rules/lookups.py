"""The predicates over several names or several servers: who answers nothing, or the same to everything."""

from collections.abc import Iterator, Sequence

from probes.failure import Failure
from probes.judge.rule import Match
from probes.judge.rules.clues import hit
from probes.judge.rules.resolvers import blank
from probes.judge.rules.words import words
from probes.judge.scene import NO_WORD, Answer, Scene, View
from probes.judge.space import embedded, is_dead, is_stand_in
from probes.path import Role
from probes.records import Connection

SEVERAL = 2


def named(answers: Sequence[Answer]) -> str:
    """The servers as a sentence has them."""
    return " and ".join(dict.fromkeys(f"{answer.resolver} ({answer.server})" for answer in answers))


def told(answers: Sequence[Answer]) -> tuple[str, ...]:
    return tuple(resolution.id for answer in answers for resolution in answer.resolutions)


def no_resolver_answers(scene: Scene) -> Iterator[Match]:
    answers = [answer for view in scene.views for answer in view.wired]
    servers = {answer.server for answer in answers}
    if len(servers) >= SEVERAL and all(answer.failure in NO_WORD for answer in answers):
        for view in scene.views:
            if view.wired:
                system = (view.system,) if view.system is not None and view.system.failure else ()
                yield Match(
                    targets=(view.target.name,),
                    subject="every resolver",
                    evidence=told((*view.wired, *system)),
                    words={**words(view), "count": str(len(servers)), "servers": named(answers)},
                )


def resolver_knows_nothing(scene: Scene) -> Iterator[Match]:
    servers = blank(scene)
    every = [answer for view in scene.views for answer in view.wired if answer.server in servers]
    for view in scene.views:
        mine = [answer for answer in view.wired if answer.server in servers]
        if mine:
            here = any(answer is view.platform for answer in mine)
            system = (view.system,) if here and view.system is not None and view.system.failure else ()
            yield Match(
                targets=(view.target.name,),
                subject="resolvers that know no name",
                evidence=told((*mine, *system)),
                words={**words(view), "servers": named(every)},
                aside=not here,
            )


def wildcard_answer(scene: Scene) -> Iterator[Match]:
    """One public address for names of different domains, without any alias: nobody's records say that."""
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[View, Answer]]] = {}
    for view in scene.views:
        for answer in view.wired:
            if len(answer.chain) == 1 and view.public(answer.addresses):
                groups.setdefault((answer.server, answer.addresses), []).append((view, answer))
    for group in groups.values():
        if len({".".join(view.target.host.split(".")[-2:]) for view, _ in group}) < SEVERAL:
            continue
        for view, answer in group:
            here = answer is view.platform
            yield Match(
                targets=(view.target.name,),
                subject=answer.addresses[0],
                evidence=answer.ids,
                words={**words(view), "servers": named([answer]), "addresses": ", ".join(answer.addresses)},
                exposes=here,
                aside=not here,
            )


def agent_outside_vnet(scene: Scene) -> Iterator[Match]:
    """Nothing private is visible: the endpoint's alias is there and leads on in public, and internal names are not."""
    meant = [view for view in scene.views if view.must_be_private and view.target.literal is None]
    answers = [(view, answer) for view in meant for answer in view.answers if answer.settled]
    passing = [view for view, answer in answers if answer.privatelink and view.public(answer.addresses)]
    internal = [view for view in meant if view.target.role is Role.GATEWAY and lost(view)]
    if not passing or not internal or any(view.is_private(one) for view, answer in answers for one in answer.addresses):
        return
    sources = sorted({r.source_address for view in meant for r in view.of(Connection) if r.source_address})
    for view in meant:
        found = [answer for answer in view.answers if answer.settled]
        if found:
            yield Match(
                targets=(view.target.name,),
                subject="the agent",
                evidence=told(found),
                words={**words(view), "source": f" (own address {', '.join(sources)})" if sources else ""},
                exposes=view.works,
            )


def lost(view: View) -> bool:
    """The name has no address here, or a public one without an endpoint's alias."""
    answer = view.dns
    return answer is not None and answer.privatelink is None and (answer.negative or view.public(answer.addresses))


def zone_failing(scene: Scene) -> Iterator[Match]:
    healthy = {answer.server for view in scene.views for answer in view.wired if answer.settled}
    for view in scene.views:
        asked = view.wired
        failing = [answer for answer in asked if answer.failure is Failure.SERVFAIL and answer.server in healthy]
        if len({answer.server for answer in failing}) >= SEVERAL and len(failing) == len(asked):
            system = (view.system,) if view.system is not None and view.system.failure else ()
            yield Match(
                targets=(view.target.name,),
                subject=view.target.host,
                evidence=told((*failing, *system)),
                words={**words(view), "servers": named(failing)},
            )


def cname_loop(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        looping = [answer for answer in view.wired if len(set(answer.chain)) < len(answer.chain)]
        if looping:
            chain = looping[0].chain
            again = next(name for place, name in enumerate(chain) if name in chain[:place])
            here = any(answer is view.platform for answer in looping)
            system = (view.system,) if here and view.system is not None and view.system.failure else ()
            yield Match(
                targets=(view.target.name,),
                subject=again,
                evidence=told((*looping, *system)),
                words={**words(view), "again": again, "servers": named(looping)},
                aside=not here,
            )


def unusable(scene: Scene, *, dead: bool) -> Iterator[Match]:
    """Answers of addresses that are neither private nor public, where the path does not expect them."""
    kind = is_dead if dead else is_stand_in
    for view in scene.views:
        for answer in view.wired or ((view.dns,) if view.dns is not None else ()):
            found = [one for one in answer.addresses if kind(embedded(one)) and not view.is_expected(one)]
            if found:
                here = answer is view.dns
                yield Match(
                    targets=(view.target.name,),
                    subject="filter" if dead else "access agent",
                    evidence=answer.ids,
                    words={**words(view), "servers": named([answer]), "addresses": ", ".join(found)},
                    aside=not here,
                )


def one_resolver(scene: Scene, match: Match) -> bool:
    return len({answer.server for view in hit(scene, match) for answer in view.wired}) < SEVERAL
