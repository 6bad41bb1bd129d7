"""The observations of one sweep, arranged the way rules ask for them; nothing here decides anything."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from probes.failure import Failure
from probes.judge.azure import Azure
from probes.judge.space import embedded, is_special
from probes.path import Path, Role, Target
from probes.path.definition import is_private_space
from probes.records import (
    PLATFORM,
    SYSTEM,
    Credential,
    Exchange,
    Observation,
    Reading,
    Resolution,
    Token,
    Vantage,
)

NO_WORD = frozenset({Failure.TIMEOUT, Failure.REFUSED, Failure.UNREACHABLE, Failure.RESET, Failure.CLOSED})
"""Failures of a resolver that brought no DNS message at all."""
BAD_ANSWER = frozenset({Failure.SERVFAIL, Failure.QUERY_REFUSED, Failure.MALFORMED_ANSWER})
NOT_SEEN = frozenset({Failure.DEADLINE, Failure.SKIPPED})
"""Failures that say nothing of the target."""
DECODED = frozenset({"identity", "gzip", "x-gzip", "deflate"})
"""Content codings of a body that can be read: the observer undoes them, though it asks for none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one resolver says of one name: its questions for A and AAAA taken together."""

    resolver: str
    resolutions: tuple[Resolution, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Evidence: the questions that brought addresses, else all."""
        found = tuple(resolution.id for resolution in self.resolutions if resolution.addresses)
        return found or tuple(resolution.id for resolution in self.resolutions)

    @property
    def server(self) -> str:
        """Address of the name server, `getaddrinfo` for the system's resolver."""
        return self.resolutions[0].server or "getaddrinfo"

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses, A before AAAA."""
        found = (address.address for resolution in self.resolutions for address in resolution.addresses)
        return tuple(dict.fromkeys(found))

    @property
    def chain(self) -> tuple[str, ...]:
        """The names from the one asked to the end of the CNAME chain."""
        longest = max(self.resolutions, key=lambda resolution: len(resolution.aliases))
        return (longest.question_name, *(alias.target for alias in longest.aliases))

    @property
    def failure(self) -> Failure | None:
        """`None` with addresses; else what the name lacks, and only then how asking failed."""
        if self.addresses:
            return None
        failures = [resolution.failure for resolution in self.resolutions if resolution.failure]
        for decisive in (Failure.NXDOMAIN, *BAD_ANSWER, *NO_WORD):
            if decisive in failures:
                return decisive
        return failures[0] if failures else Failure.NO_DATA

    @property
    def negative(self) -> bool:
        """The resolver is sure that there is no address."""
        return self.failure in {Failure.NXDOMAIN, Failure.NO_DATA}

    @property
    def settled(self) -> bool:
        """The resolver gave an answer, be it a negative one."""
        return self.failure is None or self.negative

    @property
    def privatelink(self) -> str | None:
        """The name in the chain that belongs to a private link zone; Azure makes it when an endpoint exists."""
        return next((name for name in self.chain if "privatelink" in name.split(".")), None)


@dataclass(frozen=True)
class View:
    """One target: the records of the attempt that counts."""

    scene: "Scene"
    target: Target
    records: tuple[Observation, ...]
    earlier: tuple[Observation, ...]
    """Of the attempts before the one that counts."""

    def of[R: Observation](self, kind: type[R]) -> tuple[R, ...]:
        """Records of one step from the sweep's own vantage that say something of the target."""
        return tuple(record for record in self.records if isinstance(record, kind) and record.failure not in NOT_SEEN)

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """One for each name server asked, the system's resolver first."""
        groups: dict[tuple[str, str | None], list[Resolution]] = {}
        for record in self.of(Resolution):
            groups.setdefault((record.resolver, record.server), []).append(record)
        answers = [Answer(name, tuple(found)) for (name, _), found in groups.items()]
        return tuple(sorted(answers, key=lambda answer: (answer.resolver != SYSTEM, answer.resolver != PLATFORM)))

    @cached_property
    def system(self) -> Answer | None:
        """What an application gets."""
        return next((answer for answer in self.answers if answer.resolver == SYSTEM), None)

    @cached_property
    def platform(self) -> Answer | None:
        """What the DNS servers behind it say: the first that answers, as a stub resolver takes it."""
        asked = [answer for answer in self.answers if answer.resolver == PLATFORM]
        return next((answer for answer in asked if answer.settled), asked[0] if asked else None)

    @property
    def dns(self) -> Answer | None:
        """What DNS says here: on the wire where that is known, because only there the chain can be seen."""
        if self.platform is not None and self.platform.settled:
            return self.platform
        if self.system is None or not self.system.settled or self.hosts_entry:
            return None
        return self.system

    @property
    def hosts_entry(self) -> tuple[str, ...]:
        """Addresses that the hosts file has for the name, which are no answer of DNS."""
        return (self.system.resolutions[0].hosts_entry or ()) if self.system is not None else ()

    @cached_property
    def wired(self) -> tuple[Answer, ...]:
        """Answers of name servers asked on the wire."""
        return tuple(answer for answer in self.answers if answer.resolver != SYSTEM)

    @cached_property
    def others(self) -> tuple[Answer, ...]:
        """What every other name server says: the resolvers of the path file, and the platform's second and third."""
        return tuple(answer for answer in self.wired if answer is not self.platform)

    def private(self, addresses: Collection[str]) -> bool:
        """Whether there are addresses and all lie in private space, expected or not."""
        return bool(addresses) and all(self.is_private(address) for address in addresses)

    def public(self, addresses: Collection[str]) -> bool:
        """Whether there are addresses and all are public."""
        return bool(addresses) and all(self.is_public(address) for address in addresses)

    def is_private(self, address: str) -> bool:
        """Whether the address is in private space, or in the expected subnets wherever these lie."""
        return is_private_space(embedded(address)) or self.is_expected(address)

    def is_public(self, address: str) -> bool:
        """Whether the address is one of the internet: neither private nor of a network that no endpoint lies in."""
        return not self.is_private(address) and not is_special(embedded(address))

    def is_expected(self, address: str) -> bool:
        """Whether the address lies where the path says."""
        return self.target.is_private(embedded(address))

    @property
    def must_be_private(self) -> bool:
        """Whether its name must lead to a private address from here; from outside, none may."""
        return self.target.must_be_private and self.scene.path.vantage is not Vantage.OUTSIDE

    @property
    def credential(self) -> Credential:
        """The target's own: with it, the answer must be the one expected."""
        return self.target.credential

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Requests with the target's own credential."""
        return tuple(exchange for exchange in self.of(Exchange) if exchange.credential is self.credential)

    @cached_property
    def anonymous(self) -> tuple[Exchange, ...]:
        """Requests without credentials to a target that must refuse them."""
        return self.refusing(Credential.NONE)

    def refusing(self, kind: Credential) -> tuple[Exchange, ...]:
        """Requests with a credential that the target must refuse, none where it need not.

        Those of every attempt: who was let in once was let in.
        """
        if kind not in self.target.must_refuse:
            return ()
        every = (record for record in (*self.earlier, *self.records) if isinstance(record, Exchange))
        return tuple(found for found in every if found.credential is kind and found.failure not in NOT_SEEN)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Tokens asked for to be let in with."""
        return tuple(token for token in self.of(Token) if token.audience == self.target.audience)

    @cached_property
    def foreign_tokens(self) -> tuple[Token, ...]:
        """Tokens asked for to be refused with."""
        return tuple(token for token in self.of(Token) if token.audience == self.target.foreign_audience)

    @cached_property
    def works(self) -> bool:
        """At least one address gave, with verified TLS, the status and the body expected."""
        return any(self.satisfies(exchange) for exchange in self.exchanges)

    def satisfies(self, exchange: Exchange) -> bool:
        """Whether an answer is the one expected; a body cut off before the text looked for is not held against it."""
        if exchange.failure is not None or exchange.status not in self.target.expected_status:
            return False
        return self.has_expected_body(exchange) is not False

    def has_expected_body(self, exchange: Exchange) -> bool | None:
        """Whether the body holds the text looked for, `None` = cannot be told."""
        encoded = exchange.headers.get("content-encoding", "identity").lower() not in DECODED
        if self.target.body_contains is None or exchange.body is None or encoded:
            return None
        found = self.target.body_contains in exchange.body
        return None if exchange.body_truncated and not found else found

    def at(self, record: Observation) -> datetime:
        """When a record was begun, by the agent's clock."""
        return self.scene.started_at + timedelta(milliseconds=record.started_ms)

    @property
    def seen(self) -> bool:
        """Whether the attempt that counts ran to its end."""
        return bool(self.records) and all(record.failure is not Failure.DEADLINE for record in self.records)


@dataclass(frozen=True)
class Scene:
    """Everything a rule may look at."""

    path: Path
    observations: tuple[Observation, ...]
    started_at: datetime
    among: frozenset[str]

    @cached_property
    def views(self) -> tuple[View, ...]:
        """One for each target of the sweep, in the order of the path."""
        return tuple(self._view(target) for target in self.path.targets if target.name in self.among)

    def view(self, name: str) -> View:
        """The view of that target, which is part of the sweep."""
        return self._by_name[name]

    def having(self, *roles: Role) -> Iterator[View]:
        """The views of targets with one of the roles."""
        return (view for view in self.views if view.target.role in roles)

    @cached_property
    def azure(self) -> Azure:
        """What Azure says of the path, which says nothing of what happens on it."""
        return Azure.of(self.path, (record for record in self.observations if isinstance(record, Reading)))

    def seen_by_gateway(self, name: str) -> tuple[Exchange, ...]:
        """What API Management told of the target, if it did."""
        return tuple(
            record
            for record in self._of_target.get(name, ())
            if isinstance(record, Exchange) and record.vantage is Vantage.GATEWAY
        )

    @cached_property
    def _by_name(self) -> dict[str, View]:
        return {view.target.name: view for view in self.views}

    @cached_property
    def _of_target(self) -> dict[str, list[Observation]]:
        found: dict[str, list[Observation]] = {}
        for record in self.observations:
            found.setdefault(record.target, []).append(record)
        return found

    def _view(self, target: Target) -> View:
        """The last attempt counts; an attempt that the deadline cut short only where there is no whole one."""
        mine = [
            record
            for record in self._of_target.get(target.name, ())
            if record.vantage == self.path.vantage and not isinstance(record, Reading)
        ]
        attempts: dict[int, list[Observation]] = {}
        for record in mine:
            attempts.setdefault(record.attempt, []).append(record)
        whole = [number for number, records in attempts.items() if _whole(records)]
        chosen = max(whole or attempts, default=0)
        return View(
            scene=self,
            target=target,
            records=tuple(attempts.get(chosen, ())),
            earlier=tuple(record for number in sorted(attempts) if number < chosen for record in attempts[number]),
        )


def _whole(records: Sequence[Observation]) -> bool:
    return all(record.failure is not Failure.DEADLINE for record in records)
