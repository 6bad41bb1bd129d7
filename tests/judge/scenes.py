"""One scene for every rule: visits in which it holds."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from probes.failure import Failure
from probes.judge.scene import Scene
from probes.records import Credential, Observation, Resolution, Vantage
from probes.resources import AccessContent, BackendsContent
from tests import sweeps
from tests.judge import estate
from tests.judge.estate import told
from tests.judge.observations import (
    CORRELATED,
    NO_ENDPOINT,
    NOT_LINKED,
    PLACES,
    Place,
    Said,
    scene,
    visit,
)
from tests.sweeps import HOST, PRIVATE, PRIVATELINK, PUBLIC, STARTED_AT

GATEWAY_ERROR = '{ "statusCode": 500, "message": "Internal server error" }'
OLD = Said("10.80.99.4", (PRIVATELINK,))
HTML = {"content-type": "text/html"}
OFF_BY_AN_HOUR = {**CORRELATED, "date": "Tue, 24 Nov 2026 05:00:00 GMT"}


def on_backend(url: str, **keys: Any) -> Any:
    """The article's path, its backend at another URL."""
    return sweeps.path(targets=[{**sweeps.TARGETS[1], "url": url, **keys}])


def answered(status: int, **changes: Any) -> list[Observation]:
    """A visit to the backend that ends with this answer."""
    return visit(request={"status": status, **changes})


def certificate(**changes: Any) -> Mapping[str, Any]:
    """A handshake that failed, and the certificate shown in it."""
    failure = changes.pop("failure", None)
    known_issuer = changes.pop("known_issuer", None)
    leaf = sweeps.certificate(**{"names": (HOST,), **changes})
    return {"failure": failure, "chain": (leaf,), "known_issuer": known_issuer}


def seen_by_gateway(failure: Failure) -> Scene:
    """API Management tells how its own call of the backend failed, which works from here."""
    told = sweeps.exchange(None, id="told", vantage=Vantage.GATEWAY, failure=failure, status=None)
    return scene([*visit("backend"), told])


def told_by_gateway(status: int) -> Scene:
    """API Management tells what its own call of the backend was answered, which works from here."""
    told = sweeps.exchange(None, id="told", vantage=Vantage.GATEWAY, status=status)
    return scene([*visit("backend"), told])


def literal() -> Scene:
    """The URL of the backend has its address for a host."""
    steps = visit(place=Place(PRIVATE, PRIVATE), handshake=certificate(failure=Failure.CERTIFICATE_NAME_MISMATCH))
    walked = [record for record in steps if record.step != "resolve"]
    return scene(walked, path=on_backend(f"https://{PRIVATE}/api/orders"))


def privatelink_url() -> Scene:
    """The URL of the backend has the privatelink name."""
    steps = visit(place=Place(PRIVATELINK, PRIVATE), handshake=certificate(failure=Failure.CERTIFICATE_NAME_MISMATCH))
    return scene(steps, path=on_backend(f"https://{PRIVATELINK}/api/orders"))


def two_addresses() -> list[Observation]:
    """The second of two addresses refuses the connection."""
    steps = visit(place=Place(HOST, f"{PRIVATE} 10.80.20.5", (PRIVATELINK,)))
    dead = sweeps.connection("10.80.20.5", failure=Failure.REFUSED)
    return [record for record in steps if "10.80.20.5" not in record.id] + [dead]


def clock(skew_of_two: Mapping[str, str]) -> Scene:
    """Gateway and backend answer with this Date."""
    dated = {"headers": skew_of_two}
    return scene(visit("gateway", request=dated), visit("backend", request=dated))


def hosts_file() -> list[Observation]:
    """The hosts file has an old address of the backend."""
    return visit(system=Said("10.80.99.4"), platform=PLACES["backend"].said, hosts_entry=("10.80.99.4",))


def later(attempt: int, **steps: Any) -> list[Observation]:
    """Another attempt on the backend."""
    return visit(attempt=attempt, **steps)


def slow(record: Observation) -> Observation:
    """The same record, slower where the platform was asked."""
    asked = isinstance(record, Resolution) and record.resolver == "platform"
    return replace(record, duration_ms=700.0) if asked else record


def everywhere(**steps: Any) -> Scene:
    """Every target of the article fares alike."""
    return scene(*(visit(name, **steps) for name in PLACES))


def second_server(said: Said) -> list[Observation]:
    """The network has a second DNS server, which says this, and applications take the first one's word."""
    asked = [
        replace(record, id=f"{record.id}#2", server="10.80.40.5")
        for record in visit(platform=said)
        if isinstance(record, Resolution) and record.resolver == "platform"
    ]
    return [*visit(), *asked]


def outside(*records: Observation) -> Scene:
    """What a network sees of the backend that must not reach it."""
    seen = tuple(replace(record, vantage=Vantage.OUTSIDE) for record in records)
    path = sweeps.path(vantage="outside", targets=[sweeps.TARGETS[1]])
    return Scene(path, seen, STARTED_AT, frozenset({"backend"}))


def from_outside_the_network() -> Scene:
    """The gateway's name is unknown, and the names of the app lead on in public."""
    refused = {"status": 403, "headers": {"x-ms-forbidden-ip": "198.51.100.7"}}
    scm = Said(PUBLIC, (*PLACES["scm"].chain, "waws.example"))
    return scene(
        visit("gateway", platform=Said(), on_premises=UNREACHABLE),
        visit(platform=NOT_LINKED, on_premises=UNREACHABLE, request=refused),
        visit("scm", platform=scm, on_premises=UNREACHABLE, request=refused),
    )


def at_storage(role: str, **answer: Any) -> Scene:
    """A target of another role answers so."""
    host, chain = SERVICES[role]
    place = Place(host, "10.80.20.9", (chain,))
    target = {"name": role, "role": role, "url": f"https://{place.host}/"}
    return scene(visit(role, place=place, request=answer), path=sweeps.path(targets=[target]))


def refusing(**answers: int) -> Scene:
    """The backend must refuse whatever is not its own; statuses by kind of credential, 401 where none is said."""
    kinds = {"foreign_token": 401, "old_key": 401, **answers}
    table = {
        **sweeps.TARGETS[1],
        "must_refuse": ["none", "foreign-token", "old-key"],
        "foreign_audience": "api://nothing",
        "old_key_setting": "ORDERS_OLD_KEY",
    }
    shown = [
        sweeps.exchange(credential=Credential(kind.replace("_", "-")), status=status)
        for kind, status in kinds.items()
        if status
    ]
    foreign = sweeps.token(id="backend/1/token/api://nothing", audience="api://nothing")
    return scene([*visit(), foreign, *shown], path=sweeps.path(targets=[table]))


SERVICES = {
    "storage": ("stordersprod.blob.core.windows.net", "stordersprod.privatelink.blob.core.windows.net"),
    "key-vault": ("kv-orders.vault.azure.net", "kv-orders.privatelink.vaultcore.azure.net"),
}
UNREACHABLE = Said(failure=Failure.TIMEOUT)
SERVFAIL = Said(failure=Failure.SERVFAIL)
NOWHERE = Said(failure=Failure.UNRESOLVABLE)
LOOP = Said(chain=("alias.example.com", HOST, "alias.example.com"), failure=Failure.MALFORMED_ANSWER)
FIREWALL = '{"error": {"code": "Forbidden", "innererror": {"code": "ForbiddenByFirewall"}}}'
NO_PERMISSION = "You do not have permission to view this directory or page."
FORBIDDEN = {"status": 403, "headers": {"x-ms-forbidden-ip": "198.51.100.7"}}
IN_PUBLIC: Mapping[str, Any] = {"platform": NOT_LINKED, "on_premises": NOT_LINKED, "request": FORBIDDEN}
"""A name that leads on in public on every resolver, and what comes of it."""
GATEWAY_FAILS: Mapping[str, Any] = {"request": {"status": 500, "body": GATEWAY_ERROR}}
BY_AZURE: Mapping[str, Callable[[], Scene]] = {
    "peering-disconnected": lambda: told(
        visit("gateway", connect={"failure": Failure.TIMEOUT}),
        network=estate.network(peering="Disconnected", hub=("10.80.10.0/24",), own=("10.80.20.0/23",)),
        path_keys={"targets": [*sweeps.TARGETS]},
    ),
    "endpoint-not-approved": lambda: told(
        visit(connect={"failure": Failure.TIMEOUT}),
        visit("scm", connect={"failure": Failure.TIMEOUT}),
        connections=estate.connections(estate.connection("Pending")),
    ),
    "other-zone-answers": lambda: told(visit(platform=Said(chain=(PRIVATELINK,))), zone_links=estate.links(estate.HUB)),
    "zone-falls-back-to-internet": lambda: told(
        visit(**IN_PUBLIC),
        zone_links=estate.links(estate.VNET, policy="NxDomainRedirect"),
        record=Failure.NOT_FOUND,
    ),
    "gateway-calls-itself": lambda: told(
        visit("gateway", **GATEWAY_FAILS),
        api_policy=estate.policy("api", estate.to_url("https://api.internal.example.com/orders")),
    ),
    "gateway-calls-other-backend": lambda: told(
        visit("gateway", **GATEWAY_FAILS), api_policy=estate.policy("api", estate.to_url(f"https://{PUBLIC}/api"))
    ),
    "gateway-blocked": lambda: told(visit("gateway", **GATEWAY_FAILS), nsg_apim=estate.denying("Outbound")),
    "gateway-dns-stale": lambda: told(visit("gateway", **GATEWAY_FAILS), network_status=estate.status("10.70.0.4")),
    "gateway-skips-tls-checks": lambda: told(
        api_policy=estate.policy("api", estate.to_entity("orders")),
        backends=BackendsContent(backends=(estate.entity("orders", validate_name=False),)),
    ),
    "gateway-dependency-failing": lambda: told(network_status=estate.status("168.63.129.16", failing="sql")),
    "storage-not-private": lambda: told_of(
        "storage", estate.STORAGE, estate.access(public_network_access="Enabled", default_action="Allow")
    ),
    "key-vault-not-private": lambda: told_of(
        "key-vault", estate.VAULT, estate.access(public_network_access="Enabled", default_action="Allow")
    ),
    "public-access-enabled": lambda: told(site=estate.site(public_network_access="Enabled")),
    "scm-not-private": lambda: told(scm_record=Failure.NOT_FOUND, path_keys={"targets": [*sweeps.TARGETS[:2]]}),
    "resource-not-found": lambda: told(endpoint=Failure.NOT_FOUND),
    "control-plane-denied": lambda: told(nsg_apim=Failure.DENIED),
    "control-plane-unread": lambda: told(nsg_apim=Failure.THROTTLED),
}
"""Rows that hold by Azure's word alone, or beside it."""


def told_of(role: str, resource: str, access: AccessContent) -> Scene:
    """A storage account or a key vault that works, and what Azure says of its network access."""
    host, chain = SERVICES[role]
    target = {"name": role, "role": role, "url": f"https://{host}/", "resource": resource}
    steps = visit(role, place=Place(host, "10.80.20.9", (chain,)))
    more = [estate.reading("access", resource, access)]
    return told(steps, path_keys={"targets": [*sweeps.TARGETS, target]}, more=more)


SCENES: Mapping[str, Callable[[], Scene]] = {
    **BY_AZURE,
    "agent-clock-wrong": lambda: clock(OFF_BY_AN_HOUR),
    "no-resolver-answers": lambda: everywhere(system=NOWHERE, platform=UNREACHABLE, on_premises=UNREACHABLE),
    "resolver-knows-nothing": lambda: everywhere(platform=Said()),
    "wildcard-answer": lambda: everywhere(platform=Said("198.51.100.99"), connect={"failure": Failure.TIMEOUT}),
    "agent-outside-vnet": from_outside_the_network,
    "cname-loop": lambda: scene(visit(system=NOWHERE, platform=LOOP, on_premises=LOOP)),
    "zone-failing": lambda: scene(visit(system=NOWHERE, platform=SERVFAIL, on_premises=SERVFAIL)),
    "name-blocked": lambda: scene(visit(platform=Said("0.0.0.0"), connect={"failure": Failure.REFUSED})),
    "name-intercepted": lambda: scene(visit(platform=Said("100.64.1.5"), connect={"failure": Failure.TIMEOUT})),
    "address-hardcoded": literal,
    "privatelink-name-in-url": privatelink_url,
    "hosts-file-override": lambda: scene(hosts_file()),
    "system-answer-differs": lambda: scene(visit(system=Said("10.80.99.4"), platform=PLACES["backend"].said)),
    "name-unknown": lambda: scene(visit(platform=Said(), on_premises=Said())),
    "name-without-address": lambda: scene(
        visit("gateway", platform=Said(failure=Failure.NO_DATA), on_premises=Said(failure=Failure.NO_DATA))
    ),
    "zone-shadows-public-names": lambda: scene(visit(platform=Said(), on_premises=NOT_LINKED)),
    "private-name-not-visible": lambda: scene(visit("gateway", platform=Said())),
    "record-missing": lambda: scene(visit(platform=Said(chain=(PRIVATELINK,)))),
    "zone-not-linked": lambda: scene(visit(platform=NOT_LINKED)),
    "no-private-endpoint": lambda: scene(visit(platform=NO_ENDPOINT, on_premises=NO_ENDPOINT)),
    "gateway-not-internal": lambda: scene(visit("gateway", platform=Said(PUBLIC), on_premises=Said(PUBLIC))),
    "answers-mixed": lambda: scene(visit(platform=Said(f"{PRIVATE} {PUBLIC}", (PRIVATELINK,)))),
    "record-stale": lambda: scene(visit(platform=OLD, connect={"failure": Failure.TIMEOUT})),
    "resolve-slow": lambda: scene([slow(record) for record in visit()]),
    "resolver-unreachable": lambda: scene(visit(on_premises=UNREACHABLE)),
    "resolver-failing": lambda: scene(visit(on_premises=Said(failure=Failure.SERVFAIL))),
    "some-resolvers-fail": lambda: scene(second_server(UNREACHABLE)),
    "resolver-not-forwarding": lambda: scene(visit(on_premises=NOT_LINKED)),
    "resolvers-disagree": lambda: scene(visit(on_premises=OLD)),
    "some-addresses-fail": lambda: scene(two_addresses()),
    "connect-blocked": lambda: scene(visit(connect={"failure": Failure.TIMEOUT})),
    "connect-refused": lambda: scene(visit(connect={"failure": Failure.REFUSED})),
    "no-route": lambda: scene(visit(connect={"failure": Failure.UNREACHABLE})),
    "certificate-name-mismatch": lambda: scene(
        visit(handshake=certificate(failure=Failure.CERTIFICATE_NAME_MISMATCH, names=("billing.example.com",)))
    ),
    "certificate-untrusted": lambda: scene(visit(handshake=certificate(failure=Failure.CERTIFICATE_UNTRUSTED))),
    "chain-incomplete": lambda: scene(
        visit(handshake=certificate(failure=Failure.CERTIFICATE_UNTRUSTED, known_issuer="CN=Issuing"))
    ),
    "certificate-expired": lambda: scene(
        visit(handshake=certificate(failure=Failure.CERTIFICATE_EXPIRED, days_left=-1))
    ),
    "certificate-not-yet-valid": lambda: scene(
        visit(
            handshake=certificate(
                failure=Failure.CERTIFICATE_NOT_YET_VALID, not_before_at=STARTED_AT + timedelta(days=2)
            )
        )
    ),
    "certificate-invalid": lambda: scene(visit(handshake=certificate(failure=Failure.CERTIFICATE_INVALID))),
    "certificate-expires-soon": lambda: scene(visit(handshake=certificate(days_left=12))),
    "handshake-reset": lambda: scene(visit(handshake={"failure": Failure.RESET, "chain": ()})),
    "handshake-cut-off": lambda: scene(visit(handshake=certificate(failure=Failure.CLOSED))),
    "handshake-timeout": lambda: scene(visit(handshake={"failure": Failure.TIMEOUT, "chain": ()})),
    "tls-not-spoken": lambda: scene(visit(handshake={"failure": Failure.NOT_TLS, "chain": ()})),
    "protocol-too-old": lambda: scene(visit(handshake={"failure": Failure.PROTOCOL_VERSION, "chain": ()})),
    "proxy-refuses": lambda: scene(answered(407, headers=HTML)),
    "public-path-refused": lambda: scene(answered(403, headers={"x-ms-forbidden-ip": "198.51.100.7"})),
    "app-stopped": lambda: scene(answered(403, reason="Site Disabled", headers=HTML)),
    "host-name-not-bound": lambda: scene(answered(404, body="<title>404 Web Site not found</title>")),
    "host-not-running": lambda: scene(answered(503, body="Function host is not running.")),
    "deployment-in-progress": lambda: scene(answered(503, body="<h1>Back soon</h1>", headers=HTML)),
    "app-does-not-start": lambda: scene(answered(503, body="<h1>:( Application Error</h1>", headers=HTML)),
    "front-end-error": lambda: scene(answered(502, body="<h1>502 Bad Gateway</h1>", headers=HTML)),
    "client-certificate-required": lambda: scene(
        visit(request={"failure": Failure.CLIENT_CERTIFICATE_REQUIRED, "status": None})
    ),
    "storage-network-denied": lambda: at_storage(
        "storage", status=403, headers={"x-ms-error-code": "AuthorizationFailure"}
    ),
    "key-vault-network-denied": lambda: at_storage("key-vault", status=403, body=FIREWALL),
    "route-not-found": lambda: scene(answered(404, body="")),
    "app-error": lambda: scene(answered(500, body="")),
    "request-timeout": lambda: scene(visit(request={"failure": Failure.TIMEOUT, "status": None})),
    "response-broken": lambda: scene(visit(request={"failure": Failure.CLOSED, "status": None})),
    "wrong-responder": lambda: scene(
        visit(request={"body": "<h1>Intranet</h1>"}), path=on_backend(f"https://{HOST}/", body_contains="orders")
    ),
    "body-unexpected": lambda: scene(
        visit(request={"body": "[]"}), path=on_backend(f"https://{HOST}/", body_contains="orders")
    ),
    "redirected": lambda: scene(answered(302, headers={"location": "https://login.microsoftonline.com/x"})),
    "unexpected-status": lambda: scene(answered(418)),
    "request-slow": lambda: scene(visit(request={"duration_ms": 2_500.0, "first_byte_ms": 2_400.0})),
    "gateway-cannot-reach-backend": lambda: scene(visit("gateway", request={"status": 500, "body": GATEWAY_ERROR})),
    "gateway-gets-other-answer": lambda: told_by_gateway(503),
    "gateway-error": lambda: scene(
        visit("gateway", request={"status": 500, "body": GATEWAY_ERROR}), path=sweeps.path(targets=sweeps.TARGETS[:1])
    ),
    "gateway-refuses-caller": lambda: scene(
        visit("gateway", request={"status": 404, "body": GATEWAY_ERROR.replace("500", "404")})
    ),
    "token-unavailable": lambda: scene(visit(token={"failure": Failure.TOKEN_UNAVAILABLE})),
    "token-rejected": lambda: scene(answered(401, body='{"reason": "token_audience"}')),
    "role-missing": lambda: scene(answered(403, body='{"reason": "role_missing"}')),
    "identity-not-allowed": lambda: scene(answered(403, body=NO_PERMISSION, headers=HTML)),
    "gateway-identity-rejected": lambda: scene(
        visit("gateway", request={"status": 401, "body": '{"reason": "token_missing"}'})
    ),
    "anonymous-accepted": lambda: scene(visit(anonymous={"status": 200})),
    "foreign-token-accepted": lambda: refusing(foreign_token=200),
    "old-key-accepted": lambda: refusing(old_key=200),
    "refusal-not-checked": lambda: refusing(old_key=0),
    "correlation-lost": lambda: scene(visit(request={"headers": {}})),
    "correlation-rewritten": lambda: scene(visit(request={"headers": {"x-correlation-id": "another"}})),
    "public-path-open": lambda: outside(*visit(platform=NOT_LINKED, request={"status": 401})),
    "closure-not-seen": lambda: outside(*visit(platform=NOT_LINKED, connect={"failure": Failure.TIMEOUT})),
    "deadline-missed": lambda: scene(visit(request={"failure": Failure.DEADLINE, "status": None})),
    "intermittent": lambda: scene([*visit(connect={"failure": Failure.RESET}), *later(2)]),
    "unexplained": lambda: scene(visit(handshake={"failure": Failure.TLS_FAILURE, "chain": (), "detail": "ALERT"})),
}
