"""Client certificates, in the header `X-ARR-ClientCert`.

App Service ends the TLS session, in which the client proves that it holds the key, and passes the certificate on:
without a look at its dates, its issuer or its purpose, which is all done here. What the app sees is a header like any
other. With `clientCertEnabled` off App Service asks nobody for a certificate, and anybody may send the header with a
certificate that is no secret; so the infrastructure must switch it on (`clientCertEnabled: true`, `clientCertMode:
Required`, `clientCertExclusionPaths` for /api/health at most), and ORDERS_TLS_TERMINATED_BY says that it did. Where the
environment does not look like App Service that setting is held to be a mistake, and every call is refused.

A certificate is accepted if it is listed itself, or if a listed authority issued it for a listed name: a company's
authority issues to everybody. Whether it was revoked is not looked up, as a closed network reaches no authority:
take it or its name off the list.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from orders_api.caller import Caller
from orders_api.problem import Problem, Reason
from orders_api.settings import UNREADABLE, CertificateSettings

HEADER = "x-arr-clientcert"
LONGEST_HEADER = 8192
"""Characters of base64; a certificate takes one to three thousand."""


class Certificates:
    """Checks client certificates."""

    missing = Reason.CERTIFICATE_MISSING

    def __init__(self, settings: CertificateSettings) -> None:
        self._settings = settings

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """The header; two of them arrive joined with a comma, which is no base64."""
        return headers.get(HEADER)

    async def admit(self, header: str) -> Caller:
        """The holder of a certificate, named by its digest."""
        certificate = read(header)
        now = datetime.now(UTC)
        if now > certificate.not_valid_after_utc:
            raise Problem(Reason.CERTIFICATE_EXPIRED)
        if now < certificate.not_valid_before_utc:
            raise Problem(Reason.CERTIFICATE_NOT_YET_VALID)
        if is_authority(certificate) or is_for_client(certificate) is False:
            raise Problem(Reason.CERTIFICATE_PURPOSE)
        thumbprint = certificate.fingerprint(SHA256()).hex()
        if thumbprint not in self._settings.thumbprints:
            self._check_issuer(certificate, now)
        return Caller(subject=f"certificate:{thumbprint}", roles=self._settings.roles)

    def _check_issuer(self, certificate: x509.Certificate, now: datetime) -> None:
        """Raises Problem unless a listed authority, good today, signed the certificate, and for a listed name."""
        if not self._settings.issuers:
            raise Problem(Reason.CERTIFICATE_UNTRUSTED)
        if not is_for_client(certificate):
            raise Problem(Reason.CERTIFICATE_PURPOSE)
        verifier = PolicyBuilder().store(Store([*self._settings.issuers])).time(now).build_client_verifier()
        try:
            # RFC 5280 section 6: signatures, the issuer's dates and what it may issue. Nothing in between is accepted.
            subjects = verifier.verify(certificate, []).subjects or []
        except VerificationError:
            raise Problem(Reason.CERTIFICATE_UNTRUSTED) from None
        # The common name is no name of it (RFC 9525 section 2).
        names = {subject.value.lower() for subject in subjects if isinstance(subject, x509.DNSName)}
        if self._settings.names.isdisjoint(names):
            raise Problem(Reason.CERTIFICATE_NAME)


def read(header: str) -> x509.Certificate:
    """The one certificate in a header, every extension of it readable.

    Raises:
        Problem: it is longer than a certificate can be, or anything else than the base64 of one in DER.
    """
    if len(header) > LONGEST_HEADER:
        raise Problem(Reason.CERTIFICATE_MALFORMED)
    try:
        der = base64.b64decode(header)
        if base64.b64encode(der).decode("ascii") != header:  # blanks, a comma, padding: decoding passes over them
            raise Problem(Reason.CERTIFICATE_MALFORMED)
        certificate = x509.load_der_x509_certificate(der)
        # Extensions, and the subject that a verifier's error names, are parsed when they are first asked for: now.
        _ = certificate.subject, certificate.extensions
    except UNREADABLE:
        raise Problem(Reason.CERTIFICATE_MALFORMED) from None
    return certificate


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may issue certificates, and so is nobody's own."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_for_client(certificate: x509.Certificate) -> bool | None:
    """Whether a TLS client may use it, None = it does not say. `any` purpose is none: that is said on purpose."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage
