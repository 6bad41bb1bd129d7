"""From what a step raised to a failure of the closed list: by class and code, never by message text."""

import errno
import socket
import ssl

import h11
import httpcore

from probes.failure import Failure
from probes.observe.notebook import OverrunError
from probes.observe.stream import ClosedError, NotTlsError

VERIFY_CODES = {
    2: Failure.CERTIFICATE_UNTRUSTED,  # unable to get issuer certificate
    9: Failure.CERTIFICATE_NOT_YET_VALID,
    10: Failure.CERTIFICATE_EXPIRED,
    18: Failure.CERTIFICATE_UNTRUSTED,  # self-signed leaf
    19: Failure.CERTIFICATE_UNTRUSTED,  # self-signed certificate in the chain
    20: Failure.CERTIFICATE_UNTRUSTED,  # unable to get local issuer certificate
    21: Failure.CERTIFICATE_UNTRUSTED,  # unable to verify the first certificate
    62: Failure.CERTIFICATE_NAME_MISMATCH,
    64: Failure.CERTIFICATE_NAME_MISMATCH,  # the same for an address
}
"""X509_V_ERR numbers, https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/."""

TLS_REASONS = {
    "TLSV1_ALERT_PROTOCOL_VERSION": Failure.PROTOCOL_VERSION,
    "UNSUPPORTED_PROTOCOL": Failure.PROTOCOL_VERSION,
    "NO_PROTOCOLS_AVAILABLE": Failure.PROTOCOL_VERSION,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": Failure.CLIENT_CERTIFICATE_REQUIRED,
    "WRONG_VERSION_NUMBER": Failure.NOT_TLS,
    "HTTP_REQUEST": Failure.NOT_TLS,
    "UNEXPECTED_EOF_WHILE_READING": Failure.CLOSED,
}
"""`SSLError.reason`: a mnemonic of OpenSSL's error list, not its text."""

ERRNOS = {
    errno.ECONNREFUSED: Failure.REFUSED,
    errno.ECONNRESET: Failure.RESET,
    errno.EPIPE: Failure.RESET,
    errno.ECONNABORTED: Failure.RESET,
    errno.ENETUNREACH: Failure.UNREACHABLE,
    errno.EHOSTUNREACH: Failure.UNREACHABLE,
    errno.ENETDOWN: Failure.UNREACHABLE,
    errno.EADDRNOTAVAIL: Failure.UNREACHABLE,
    errno.EACCES: Failure.UNREACHABLE,
    errno.EPERM: Failure.UNREACHABLE,
    errno.ETIMEDOUT: Failure.TIMEOUT,
}

LOOKUPS = {
    socket.EAI_NONAME: Failure.NXDOMAIN,
    socket.EAI_NODATA: Failure.NO_DATA,
    socket.EAI_AGAIN: Failure.UNRESOLVABLE,
    socket.EAI_FAIL: Failure.UNRESOLVABLE,
}
"""What glibc says; NONAME stands for NXDOMAIN (and, without EAI_NODATA, for no data: the wire query knows better)."""


def failure_of(error: BaseException) -> tuple[Failure, str | None]:
    """The failure of an error, and a detail for people where the code does not say it all."""
    match error:
        case OverrunError():
            return error.failure, None
        case socket.gaierror():
            return LOOKUPS.get(error.errno or 0, Failure.UNRESOLVABLE), error.strerror
        case ssl.SSLCertVerificationError():
            return VERIFY_CODES.get(error.verify_code, Failure.CERTIFICATE_INVALID), error.verify_message
        case ssl.SSLError():  # before OSError, which it is: its errno holds an SSL number
            return TLS_REASONS.get(error.reason or "", Failure.TLS_FAILURE), error.reason or type(error).__name__
        case NotTlsError():
            return Failure.NOT_TLS, None
        case ClosedError():
            return Failure.CLOSED, None
        case OSError():
            known = ERRNOS.get(error.errno or 0)
            return (known, None) if known else (Failure.UNKNOWN, f"{type(error).__name__}: {error.strerror}")
        case httpcore.RemoteProtocolError():
            return _protocol(error)
    return Failure.UNKNOWN, type(error).__name__


def _protocol(error: httpcore.RemoteProtocolError) -> tuple[Failure, str | None]:
    """Closed without an answer and no HTTP are one class of httpcore's; h11's error behind it tells them apart."""
    if isinstance(error.__cause__ or error.__context__, h11.RemoteProtocolError):
        return Failure.MALFORMED_RESPONSE, str(error)
    return Failure.CLOSED, str(error)
