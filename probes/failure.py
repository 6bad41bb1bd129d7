"""The closed list of what can go wrong in one step.

    any step     timeout · deadline · skipped · unknown
    resolve      nxdomain · no_data · servfail · query_refused · malformed_answer · unresolvable
    connect      refused · unreachable · reset
    handshake    reset · closed · certificate_* · protocol_version · not_tls · tls_failure · client_certificate_required
    request      reset · closed · malformed_response · client_certificate_required · backend_connection_failure
    token        token_unavailable · identity_endpoint_missing
    read         denied · not_found · throttled · malformed_response

The step says which operation failed, the failure how, so a code may serve several steps. Codes are values of the
attribute `error.type` (OpenTelemetry) and never change their meaning; free text belongs in `Observation.detail`.
A failure that fits no code is `unknown`, and is said to be.
"""

from enum import StrEnum


class Failure(StrEnum):
    """How a step failed; no failure (`None`) means that the step did what it is for."""

    TIMEOUT = "timeout"
    """Nothing came within the time of the step."""
    DEADLINE = "deadline"
    """The sweep ended before the step did: nothing is known of it."""
    SKIPPED = "skipped"
    """Not attempted on purpose, for instance an address over the limit; `detail` says why."""
    UNKNOWN = "unknown"
    """It failed in a way this list has no word for; `detail` holds the type of the error."""

    NXDOMAIN = "nxdomain"
    """The name does not exist (RFC 1035 rcode 3, RFC 8020)."""
    NO_DATA = "no_data"
    """The name exists, but has no record of the type asked for (RFC 2308)."""
    SERVFAIL = "servfail"
    """The server could not answer (rcode 2): often its own forwarder."""
    QUERY_REFUSED = "query_refused"
    """The server would not answer this client or name (rcode 5)."""
    MALFORMED_ANSWER = "malformed_answer"
    """An answer came that is no DNS message, answers another question, or has an rcode not named here."""
    UNRESOLVABLE = "unresolvable"
    """getaddrinfo gave no address and does not say why: EAI_AGAIN and EAI_FAIL hide the rcode."""

    REFUSED = "refused"
    """RST in answer to SYN, or ICMP port unreachable: a host is there and nothing listens."""
    UNREACHABLE = "unreachable"
    """No route to the network or the host (ENETUNREACH, EHOSTUNREACH, EACCES, EPERM)."""
    RESET = "reset"
    """RST on a connection that stood."""
    CLOSED = "closed"
    """FIN where an answer was due."""

    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_NAME_MISMATCH = "certificate_name_mismatch"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    """No chain to a trust anchor: OpenSSL verify codes 2, 18, 19, 20, 21."""
    CERTIFICATE_INVALID = "certificate_invalid"
    """Any other verify code: revoked, wrong purpose, weak key, bad signature."""
    PROTOCOL_VERSION = "protocol_version"
    """No TLS version in common."""
    NOT_TLS = "not_tls"
    """Bytes came that are no TLS record: plain HTTP on the port, for instance."""
    CLIENT_CERTIFICATE_REQUIRED = "client_certificate_required"
    """The peer's alert `certificate_required`; in TLS 1.3 it comes after the handshake, in place of the answer."""
    TLS_FAILURE = "tls_failure"
    """Any other alert or error of the TLS layer; `detail` has OpenSSL's reason."""

    MALFORMED_RESPONSE = "malformed_response"
    """Bytes came that are no HTTP/1.1 response, or that stop in the middle of one."""

    BACKEND_CONNECTION_FAILURE = "backend_connection_failure"
    """API Management's own word, seen from its vantage only: name, TCP and TLS all look like this there."""

    TOKEN_UNAVAILABLE = "token_unavailable"  # noqa: S105 - the name of a failure
    """The identity endpoint answered, and gave no token."""
    IDENTITY_ENDPOINT_MISSING = "identity_endpoint_missing"
    """There is no managed identity here: no endpoint in the environment, or it does not answer."""

    DENIED = "denied"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
