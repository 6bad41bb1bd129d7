"""Causes in the handshake and in the certificates that were sent in it."""

from collections.abc import Callable, Iterator
from datetime import datetime

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rival, Rule, Stage
from probes.judge.rules.clues import hit
from probes.judge.rules.words import APP_SERVICE_DOCS, CATALOGUE, words
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


def failing_with(*failures: Failure) -> Callable[[Scene], Iterator[Match]]:
    """One match for each handshake that failed in one of these ways."""

    def find(scene: Scene) -> Iterator[Match]:
        for view in scene.views:
            for record in view.of(Handshake):
                if record.failure in failures:
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
                yield about(view, record, top=record.chain[-1].issuer if record.chain else "nobody")


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
            sent = leaf(record)
            behind = record.failure is Failure.CERTIFICATE_UNTRUSTED and record.known_issuer is not None
            outside = sent is not None and (
                view.at(record) >= sent.not_after_at if expired else view.at(record) < sent.not_before_at
            )
            if record.failure is failure or (behind and outside):
                yield about(view, record)


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


def handshakes(scene: Scene, match: Match) -> list[Handshake]:
    return [record for view in hit(scene, match) for record in view.of(Handshake) if record.id in match.evidence]


RULES = (
    Rule(
        id="certificate-name-mismatch",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="The certificate is for another name",
        recognised_by="The chain verifies, and no name of the leaf covers the host name.",
        find=name_mismatch,
        summary="{address} shows a certificate for {names}, which does not cover {host}.",
        masks_stages=LATER,
        fix=(
            "Bind {host} to the app, or call the name that the app has:",
            "az functionapp show --resource-group {app_group} --name {app} --query properties.enabledHostNames",
        ),
        reference="RFC 9525; " + APP_SERVICE_DOCS,
    ),
    Rule(
        id="certificate-untrusted",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="Nobody trusted vouches for the certificate",
        recognised_by="No chain to a trust anchor, and no known intermediate that would complete it.",
        find=untrusted,
        summary="{address} shows a certificate of {issuer} for {host}, and no trust anchor stands behind it.",
        confidence=Confidence.MEDIUM,
        supports=(
            Clue(says="the certificate sent is self-signed", holds=self_signed),
            Clue(says="the issuer is known for TLS inspection", holds=inspected),
        ),
        masks_stages=LATER,
        rivals=(Rival(id="certificate-name-mismatch", why="the certificate names {host}", ruled_out=names_fit),),
        fix=(
            "If {issuer} inspects TLS on this network, exclude {host} from it.",
            "If it is the organisation's own authority, name its root in the path file as ca_file; if it is a public one, name its intermediate as intermediates_file and sweep again.",
        ),
        reference="https://docs.openssl.org/3.0/man1/openssl-verification-options/",
    ),
    Rule(
        id="chain-incomplete",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="The server does not send its intermediate certificate",
        recognised_by="The leaf is in order, and a known intermediate that was not sent leads from it to a trust anchor.",
        find=chain_incomplete,
        summary="{address} does not send the intermediate {missing}, without which the certificate of {host} cannot be verified.",
        masks_stages=LATER,
        rivals=(
            Rival(id="certificate-untrusted", why="with {missing} the chain is whole", ruled_out=lambda _s, _m: True),
        ),
        fix=("Install the certificate with its intermediate: a PFX or PEM that holds leaf and {missing}.",),
        reference="RFC 8446 section 4.4.2",
    ),
    Rule(
        id="certificate-expired",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="The certificate has expired",
        recognised_by="notAfter of the chain lies before the time of the handshake.",
        find=lambda scene: out_of_date(scene, expired=True),
        summary="The certificate of {host} at {address} expired on {expires}.",
        masks_stages=LATER,
        fix=("Renew the certificate of {host}, and look why its renewal did not run (Key Vault policy, binding).",),
        reference="RFC 5280 section 4.1.2.5",
    ),
    Rule(
        id="certificate-not-yet-valid",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="The certificate is not valid yet",
        recognised_by="notBefore of the chain lies after the time of the handshake.",
        find=lambda scene: out_of_date(scene, expired=False),
        summary="The certificate of {host} at {address} is valid from {begins} only.",
        masks_stages=LATER,
        fix=("Wait, install the certificate before it, or set the clock of whoever made it.",),
        reference="RFC 5280 section 4.1.2.5",
    ),
    Rule(
        id="certificate-invalid",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="The certificate is refused for another reason",
        recognised_by="A verify code of OpenSSL that has no finding of its own: purpose, key size, signature, constraint.",
        find=failing_with(Failure.CERTIFICATE_INVALID),
        summary="OpenSSL refuses the certificate of {host} at {address}; the evidence has its verify code.",
        masks_stages=LATER,
        fix=("Look the verify code up, and have the certificate made again without that defect.",),
        reference="https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/",
    ),
    Rule(
        id="certificate-expires-soon",
        stage=Stage.HANDSHAKE,
        severity=Severity.WARNING,
        title="The certificate expires soon",
        recognised_by="A verified leaf has fewer days left than the path's certificate_days.",
        find=expires_soon,
        summary="The certificate of {host} expires on {expires}, in {days} days.",
        fix=("Renew the certificate of {host}; App Service renews its own about 45 days before the end.",),
        reference="RFC 5280 section 4.1.2.5",
    ),
    Rule(
        id="handshake-reset",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="The connection is cut after the ClientHello",
        recognised_by="TCP connects, and RST or FIN comes instead of a ServerHello.",
        find=failing_with(Failure.RESET, Failure.CLOSED),
        summary="{address} takes the connection and cuts it when it sees the ClientHello for {host}.",
        masks_stages=LATER,
        fix=(
            "Look for a firewall that filters by server name (SNI) between this subnet and {address}, and allow {host}.",
            "If there is none, something else than App Service listens at {address}.",
        ),
        reference=CATALOGUE,
    ),
    Rule(
        id="handshake-timeout",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="TCP connects, and the handshake is never answered",
        recognised_by="No complete handshake within the time of the step, on an open connection.",
        find=failing_with(Failure.TIMEOUT),
        summary="{address} takes the connection and leaves the ClientHello for {host} unanswered.",
        masks_stages=LATER,
        fix=(
            "Look for a middlebox that answers SYN itself, and for large packets that are lost (MTU) on the way to {address}.",
        ),
        reference=CATALOGUE,
    ),
    Rule(
        id="tls-not-spoken",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="What listens on the port does not speak TLS",
        recognised_by="The first bytes from the peer are no TLS record.",
        find=failing_with(Failure.NOT_TLS),
        summary="{address} answers the ClientHello for {host} with something that is no TLS.",
        masks_stages=LATER,
        fix=("Check the port of {url}, and what listens at {address}: a proxy or a captive portal answers like this.",),
        reference="RFC 8446 section 5.1",
    ),
    Rule(
        id="protocol-too-old",
        stage=Stage.HANDSHAKE,
        severity=Severity.ERROR,
        title="There is no common TLS version",
        recognised_by="The handshake ends with protocol_version, on either side.",
        find=failing_with(Failure.PROTOCOL_VERSION),
        summary="{address} and the probe have no TLS version in common for {host}: the server offers less than TLS 1.2.",
        masks_stages=LATER,
        fix=(
            "az functionapp config set --resource-group {app_group} --name {app} --min-tls-version 1.2",
            "If the app is set so already, an older proxy stands at {address}.",
        ),
        reference="RFC 8996",
    ),
)
