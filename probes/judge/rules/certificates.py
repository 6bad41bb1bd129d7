"""The predicates on handshakes and on the certificates that were sent in them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from probes.failure import Failure
from probes.judge.rule import Match, Stage
from probes.judge.rules.clues import hit
from probes.judge.rules.words import words
from probes.judge.scene import Scene, View
from probes.records import Certificate, Handshake

LATER = (Stage.REQUEST, Stage.IDENTITY)
INSPECTORS = (
    "zscaler", "palo alto", "fortinet", "fortigate", "netskope", "blue coat", "symantec web", "sophos", "umbrella",
    "check point", "forcepoint", "mcafee web", "cato networks", "azure firewall manager",
)  # fmt: skip
"""Names that TLS inspection puts into the issuers of the certificates it makes."""
SELF_SIGNED = frozenset({18, 19})
"""OpenSSL's verify codes that leave no doubt: a self-signed certificate was sent, and nobody trusts it."""


def leaf(record: Handshake) -> Certificate | None:
    return record.chain[0] if record.chain else None


def about(view: View, record: Handshake, **more: str) -> Match:
    """Merged by certificate, so that one bad certificate on many hosts is one finding."""
    sent = leaf(record)
    return Match(
        targets=(view.target.name,),
        subject=sent.sha256 if sent else f"{record.address}:{record.port}",
        evidence=(record.id,),
        words={
            **words(view),
            "address": f"{record.address}:{record.port}",
            "certificate": sent.subject if sent else "no certificate",
            "issuer": sent.issuer if sent else "nobody",
            "names": ", ".join(sent.names[:4]) if sent and sent.names else "no DNS name",
            "expires": f"{sent.not_after_at:%Y-%m-%d}" if sent else "",
            "begins": f"{sent.not_before_at:%Y-%m-%d}" if sent else "",
            **more,
        },
    )


def failing_with(*failures: Failure, shown: bool | None = None) -> Callable[[Scene], Iterator[Match]]:
    """One match for each handshake that failed in one of these ways; `shown` = with a certificate seen, or without.

    Where every handshake of several addresses fails so, without a certificate, that is one cause, near the agent.
    """

    def find(scene: Scene) -> Iterator[Match]:
        tried = [(view, record) for view in scene.views for record in view.of(Handshake)]
        failing = [
            (view, record)
            for view, record in tried
            if record.failure in failures and shown in {None, leaf(record) is not None}
        ]
        bare = len(failing) == len(tried) and all(leaf(record) is None for _, record in failing)
        everything = bare and len({record.address for _, record in failing}) > 1
        addresses = ", ".join(dict.fromkeys(f"{record.address}:{record.port}" for _, record in failing))
        hosts = ", ".join(dict.fromkeys(view.target.host for view, _ in failing))
        for view, record in failing:
            if everything:
                yield replace(about(view, record, address=addresses, host=hosts), subject="everything")
            else:
                yield about(view, record)

    return find


def otherwise_good(record: Handshake, at: datetime) -> bool:
    """The leaf is within its dates and covers the name: all that is wrong is who vouches for it."""
    sent = leaf(record)
    return sent is not None and sent.not_before_at <= at < sent.not_after_at and covers(sent, record.server_name)


def covers(certificate: Certificate, name: str) -> bool:
    """Whether a DNS name or address of the certificate fits (RFC 9525: a wildcard stands for one whole first label)."""
    suffix = name.lower().partition(".")[2]
    names = {known.lower() for known in certificate.names}
    return name.lower() in names | set(certificate.addresses) or (bool(suffix) and f"*.{suffix}" in names)


def untrusted(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        for record in view.of(Handshake):
            if record.failure is Failure.CERTIFICATE_UNTRUSTED and record.known_issuer is None:
                top = record.chain[-1] if record.chain else None
                match = about(view, record, top=top.issuer if top else "nobody")
                yield match if top is None or top.self_issued else replace(match, subject=f"issuer {top.issuer}")


def name_mismatch(scene: Scene) -> Iterator[Match]:
    """Said by OpenSSL, or seen behind a missing intermediate, where OpenSSL stops before it looks at names."""
    for view in scene.views:
        for record in view.of(Handshake):
            sent = leaf(record)
            behind = record.failure is Failure.CERTIFICATE_UNTRUSTED and record.known_issuer is not None
            other = sent is not None and not covers(sent, record.server_name)
            if record.failure is Failure.CERTIFICATE_NAME_MISMATCH or (behind and other):
                yield about(view, record)


def chain_incomplete(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        for record in view.of(Handshake):
            if record.failure is not Failure.CERTIFICATE_UNTRUSTED or record.known_issuer is None:
                continue
            if otherwise_good(record, view.at(record)):
                yield about(view, record, missing=record.known_issuer)


def out_of_date(scene: Scene, *, expired: bool) -> Iterator[Match]:
    failure = Failure.CERTIFICATE_EXPIRED if expired else Failure.CERTIFICATE_NOT_YET_VALID
    for view in scene.views:
        for record in view.of(Handshake):
            sent, at = leaf(record), view.at(record)
            behind = record.failure is Failure.CERTIFICATE_UNTRUSTED and record.known_issuer is not None
            if record.failure is failure or (behind and sent is not None and outside(sent, at, expired=expired)):
                yield dated(view, record, [one for one in record.chain if outside(one, at, expired=expired)])


def outside(certificate: Certificate, at: datetime, *, expired: bool) -> bool:
    """Whether the time lies behind, or before, the certificate's."""
    return at >= certificate.not_after_at if expired else at < certificate.not_before_at


def dated(view: View, record: Handshake, wrong: list[Certificate]) -> Match:
    """The match told of the certificate whose dates are wrong: one above the leaf, or one that was not even sent."""
    sent = wrong[0] if wrong else None
    if sent is not None and sent is leaf(record):
        return about(view, record, which=f"The certificate of {view.target.host}")
    if sent is None:
        which = f"A certificate above that of {view.target.host}, not among those sent,"
        return about(view, record, which=which, expires="an unknown day", begins="an unknown day")
    days = {"expires": f"{sent.not_after_at:%Y-%m-%d}", "begins": f"{sent.not_before_at:%Y-%m-%d}"}
    which = f"{sent.subject}, in the chain of {view.target.host},"
    return replace(about(view, record, which=which, **days), subject=sent.sha256)


def expires_soon(scene: Scene) -> Iterator[Match]:
    limit = scene.path.thresholds.certificate_days
    for view in scene.views:
        for record in view.of(Handshake):
            sent = leaf(record)
            if record.failure is None and sent is not None:
                left = (sent.not_after_at - view.at(record)).total_seconds() / 86_400
                if left < limit:
                    yield about(view, record, days=f"{left:.0f}", limit=str(limit))


def inspected(scene: Scene, match: Match) -> bool:
    issuers = (certificate.issuer.lower() for record in handshakes(scene, match) for certificate in record.chain)
    return any(name in issuer for issuer in issuers for name in INSPECTORS)


def self_signed(scene: Scene, match: Match) -> bool:
    return any(record.verify_code in SELF_SIGNED for record in handshakes(scene, match))


def names_fit(scene: Scene, match: Match) -> bool:
    sent = [(record, leaf(record)) for record in handshakes(scene, match)]
    return all(first is not None and covers(first, record.server_name) for record, first in sent)


def all_expired(scene: Scene, _match: Match) -> bool:
    every = [record for view in scene.views for record in view.of(Handshake)]
    expired = all(record.failure is Failure.CERTIFICATE_EXPIRED for record in every)
    return expired and len({record.chain[0].sha256 for record in every if record.chain}) > 1


def handshakes(scene: Scene, match: Match) -> list[Handshake]:
    return [record for view in hit(scene, match) for record in view.of(Handshake) if record.id in match.evidence]
