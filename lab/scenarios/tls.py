"""Faults of the handshake: certificates, chains, versions, and boxes in between."""

from dataclasses import replace
from typing import Any

from lab.scenarios.article import APP_SERVICE_LEAF, ENDPOINT_ADDRESS, GATEWAY_ADDRESS, GATEWAY_LEAF, WORLD
from lab.scenarios.changes import change_listener
from lab.scenarios.outcome import broken, degraded
from lab.world import ListenerFault, World


def backend_certificate(**changes: Any) -> World:
    """The endpoint shows a certificate changed in these fields."""
    return change_listener(WORLD, ENDPOINT_ADDRESS, certificates=(replace(APP_SERVICE_LEAF, **changes),))


def gateway_certificate(**changes: Any) -> World:
    """The gateway does: its custom domain has the certificate that somebody has to renew."""
    return change_listener(WORLD, GATEWAY_ADDRESS, certificates=(replace(GATEWAY_LEAF, **changes),))


def backend_fault(fault: ListenerFault) -> World:
    """The endpoint misbehaves during the handshake."""
    return change_listener(WORLD, ENDPOINT_ADDRESS, fault=fault)


SCENARIOS = (
    broken(
        "certificate-name-mismatch",
        "another server than the app's stands at the endpoint's address and shows its own certificate",
        "certificate-name-mismatch",
        backend_certificate(names=("billing.internal.example.com",)),
    ),
    broken(
        "certificate-untrusted",
        "a firewall that inspects TLS shows a certificate of its own authority",
        "certificate-untrusted",
        backend_certificate(issuer="unknown"),
    ),
    broken(
        "certificate-self-signed",
        "the gateway shows a self-signed certificate",
        "certificate-untrusted",
        gateway_certificate(issuer="self"),
    ),
    broken(
        "chain-incomplete",
        "the gateway does not send the intermediate certificate",
        "chain-incomplete",
        gateway_certificate(sends_intermediate=False),
    ),
    broken(
        "certificate-expired",
        "the gateway's certificate ended yesterday",
        "certificate-expired",
        gateway_certificate(days_left=-1),
    ),
    broken(
        "certificate-not-yet-valid",
        "the gateway's certificate begins the day after tomorrow",
        "certificate-not-yet-valid",
        gateway_certificate(starts_in_days=2),
    ),
    degraded(
        "certificate-expires-soon",
        "the gateway's certificate has twelve days left",
        "certificate-expires-soon",
        gateway_certificate(days_left=12),
    ),
    broken(
        "handshake-reset",
        "something in between resets the connection when it sees the ClientHello",
        "handshake-reset",
        backend_fault(ListenerFault.RESETS),
    ),
    broken(
        "handshake-closed",
        "something in between closes the connection when it sees the ClientHello",
        "handshake-reset",
        backend_fault(ListenerFault.CLOSES),
    ),
    broken(
        "handshake-plain-http",
        "the endpoint's port speaks HTTP without TLS",
        "tls-not-spoken",
        backend_fault(ListenerFault.PLAIN),
    ),
    broken(
        "protocol-too-old",
        "the backend offers TLS 1.1 at most",
        "protocol-too-old",
        backend_fault(ListenerFault.OLD_TLS),
    ),
)
