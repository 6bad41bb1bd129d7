"""Who made an answer: a proxy on the way, App Service's front end, the Functions host, API Management, or the app."""

import json
from collections.abc import Callable
from typing import Any

from probes.judge.scene import View
from probes.path import Role
from probes.records import Exchange

SERVER_ERROR = 500
FRONT_STATUS = frozenset({502, 503, 504})
"""What stands before an app says so when the app does not answer it (RFC 9110 section 15.6)."""
PROXIES = ("squid", "zscaler", "bluecoat", "proxysg", "mcafee web gateway", "forcepoint", "fortigate", "netskope")
"""Server headers of proxies."""
OFFLINE = ("offline", "maintenance", "deploy", "under construction", "back soon", "be back", "back in a")
"""What pages of app_offline.htm say; nothing else tells them from a proxy's own page."""
NOT_STARTING = ("http error 500.3", "http error 502.5", "http error 502.3", "ancm ", ":( application error")
"""Pages of the ASP.NET Core module and of App Service on Linux for an app whose process does not come up."""
CERTIFICATE_WANTED = ("client certificate required", "no required ssl certificate", "ssl client certificate")
NO_PERMISSION = "you do not have permission to view this directory or page"
"""App Service authentication, in a page of its own."""
APIM_KEYS = frozenset({"statusCode", "message", "activityId"})
POLICY_SECTIONS = frozenset({"inbound", "backend", "outbound", "on-error"})
GATEWAY_REQUEST_ID = "x-gateway-request-id"
"""API Management's own id of the call, which the policies of infra/policies tell in outbound."""
ROLE_REASONS = frozenset({None, "role_missing"})
SCHEMES_OF_OTHERS = ("basic", "negotiate", "ntlm", "digest")
Predicate = Callable[[View, Exchange], bool]


def says(exchange: Exchange, *phrases: str) -> bool:
    """Whether the reason or the body holds one of the phrases."""
    text = f"{exchange.reason or ''}\n{exchange.body or ''}".lower()
    return any(phrase in text for phrase in phrases)


def parsed(exchange: Exchange) -> dict[str, Any]:
    """The body as a JSON object, empty where it is none."""
    try:
        body: Any = json.loads(exchange.body or "")
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def reason(exchange: Exchange) -> str | None:
    """The reason code of a problem document (RFC 9457), `None` = the application gave none."""
    found = parsed(exchange).get("reason")
    return found if isinstance(found, str) else None


def is_html(exchange: Exchange) -> bool:
    return exchange.headers.get("content-type", "").lower().startswith("text/html")


def correlated(exchange: Exchange) -> bool:
    """The answer brings an id back, as only the application does."""
    return "x-correlation-id" in exchange.headers


def forbidden_ip(_view: View, exchange: Exchange) -> bool:
    told = "x-ms-forbidden-ip" in exchange.headers or says(exchange, "ip forbidden", "has blocked your access")
    return exchange.status == 403 and told


def stopped(_view: View, exchange: Exchange) -> bool:
    return exchange.status == 403 and says(exchange, "site disabled", "web app is stopped")


def unbound(_view: View, exchange: Exchange) -> bool:
    return exchange.status == 404 and says(exchange, "web site not found", "web app not found")


def host_down(_view: View, exchange: Exchange) -> bool:
    return exchange.status == 503 and says(exchange, "function host is not running")


def not_starting(_view: View, exchange: Exchange) -> bool:
    return (exchange.status or 0) >= SERVER_ERROR and says(exchange, *NOT_STARTING)


def offline(view: View, exchange: Exchange) -> bool:
    page = exchange.status == 503 and is_html(exchange) and says(exchange, *OFFLINE)
    return page and not host_down(view, exchange) and not not_starting(view, exchange)


def proxied(_view: View, exchange: Exchange) -> bool:
    """A proxy or firewall says no in its own name."""
    server = exchange.headers.get("server", "").lower()
    named = (exchange.status or 0) >= 400 and any(name in server for name in PROXIES)
    firewall = (exchange.status or 0) >= 400 and says(exchange, "action: deny. reason:")
    return exchange.status in {407, 470} or named or firewall


def certificate_wanted(_view: View, exchange: Exchange) -> bool:
    return exchange.status in {400, 403} and says(exchange, *CERTIFICATE_WANTED)


PLATFORM_PAGES: tuple[Predicate, ...] = (
    forbidden_ip, stopped, unbound, host_down, not_starting, offline, proxied, certificate_wanted,
)  # fmt: skip
"""Answers made before the application: they are findings even where their status is an expected one."""


def in_front(view: View, exchange: Exchange) -> bool:
    """Somebody before the application made the answer, and says so in it."""
    return any(page(view, exchange) for page in PLATFORM_PAGES)


def unexpected(view: View, exchange: Exchange) -> bool:
    """A whole answer with another status than expected, which no page of the platform explains."""
    answered = exchange.failure is None and exchange.status not in view.target.expected_status
    return answered and not in_front(view, exchange)


def made_by_gateway(view: View, exchange: Exchange) -> bool:
    """API Management's own error: the platform's shape, or that of a policy of infra/policies.

    The platform's is `{"statusCode": 500, "message": ...}` and nothing else in it.
    """
    body = parsed(exchange)
    whole = {"statusCode", "message"} <= body.keys() <= APIM_KEYS and next(iter(body)) == "statusCode"
    own = (whole and body["statusCode"] == exchange.status) or statement(exchange) is not None
    return view.target.role is Role.GATEWAY and own


def statement(exchange: Exchange) -> str | None:
    """The statement that failed, as the problem details of infra/policies name it; `None` = they are none such."""
    body = parsed(exchange)
    source, section = body.get("source"), body.get("section")
    told = isinstance(source, str) and isinstance(section, str) and section in POLICY_SECTIONS
    return source if told and body.get("status") == exchange.status else None


def unsigned(view: View, exchange: Exchange) -> bool:
    """500 through API Management that bears no sign of who made it, nor that the outbound policies ran."""
    signed = correlated(exchange) or GATEWAY_REQUEST_ID in exchange.headers or bool(exchange.body)
    return view.target.role is Role.GATEWAY and exchange.status == SERVER_ERROR and not signed


def front_error(view: View, exchange: Exchange) -> bool:
    """502, 503 or 504 in which nothing shows the application."""
    by_app = correlated(exchange) or "json" in exchange.headers.get("content-type", "").lower()
    front = unexpected(view, exchange) and exchange.status in FRONT_STATUS
    return front and not by_app and not made_by_gateway(view, exchange)


def service_firewall(exchange: Exchange) -> bool:
    """Storage refuses the network, whoever asks: the token was not looked at."""
    return exchange.status == 403 and exchange.headers.get("x-ms-error-code") == "AuthorizationFailure"


def vault_firewall(exchange: Exchange) -> bool:
    return exchange.status == 403 and says(exchange, "forbiddenbyfirewall", "forbiddenbyconnection")


def refused(view: View, exchange: Exchange, status: int) -> bool:
    """A token was sent, and the application itself, not the front end, refused it."""
    if view.target.audience is None or exchange.status != status or not unexpected(view, exchange):
        return False
    return not service_firewall(exchange) and not vault_firewall(exchange)


def access_denied(view: View, exchange: Exchange) -> bool:
    """App Service authentication took the token and does not let its owner in."""
    return refused(view, exchange, 403) and is_html(exchange) and says(exchange, NO_PERMISSION)


def token_rejected(view: View, exchange: Exchange) -> bool:
    scheme = exchange.headers.get("www-authenticate", "").replace(",", " ").partition(" ")[0].lower()
    rejected = refused(view, exchange, 401) and scheme not in SCHEMES_OF_OTHERS
    return rejected or (refused(view, exchange, 403) and reason(exchange) not in ROLE_REASONS)


def role_missing(view: View, exchange: Exchange) -> bool:
    page = is_html(exchange) and not correlated(exchange)
    return refused(view, exchange, 403) and reason(exchange) in ROLE_REASONS and not page


def by_authentication(exchange: Exchange) -> bool:
    """App Service authentication, or the Functions host in want of a key, answered before any code of the app ran."""
    told = says(exchange, NO_PERMISSION) or "authorization_uri" in exchange.headers.get("www-authenticate", "").lower()
    host = exchange.status in {401, 403, 404} and not exchange.body
    return (exchange.status in {401, 403} and told) or host


def gateway_identity(view: View, exchange: Exchange) -> bool:
    """The backend refuses what API Management sends, and API Management passes that on to a caller who sent nothing."""
    if view.target.role is not Role.GATEWAY or view.target.audience is not None:
        return False
    passed = unexpected(view, exchange) and exchange.status in {401, 403} and not made_by_gateway(view, exchange)
    bearer = exchange.headers.get("www-authenticate", "").lower().startswith("bearer")
    return passed and (correlated(exchange) or bearer or "json" in exchange.headers.get("content-type", ""))
