"""Causes in the answer to the request: App Service's own pages, the Functions host, the application."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rival, Rule, Stage
from probes.judge.rules.authentication import redirect_words
from probes.judge.rules.clues import always, having, hit
from probes.judge.rules.pages import (
    SERVER_ERROR,
    Predicate,
    access_denied,
    correlated,
    front_error,
    gateway_identity,
    is_html,
    made_by_gateway,
    reason,
    role_missing,
    service_firewall,
    token_rejected,
    unexpected,
    unsigned,
    vault_firewall,
)
from probes.judge.rules.words import CATALOGUE, site, words
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Connection, Exchange, Handshake

LOGIN_HOSTS = ("login.microsoftonline.com", "login.windows.net", "login.live.com", "sts.windows.net")


def route_not_found(view: View, exchange: Exchange) -> bool:
    return unexpected(view, exchange) and exchange.status == 404 and not made_by_gateway(view, exchange)


def server_error(view: View, exchange: Exchange) -> bool:
    error = unexpected(view, exchange) and (exchange.status or 0) >= SERVER_ERROR
    others = (made_by_gateway, front_error, swallowed)
    return error and not any(made(view, exchange) for made in others)


def swallowed(view: View, exchange: Exchange) -> bool:
    """An error without a word through API Management, while every backend target works."""
    backends = list(view.scene.having(Role.BACKEND))
    return bool(backends) and all(other.works for other in backends) and unsigned(view, exchange)


def redirected(view: View, exchange: Exchange) -> bool:
    return unexpected(view, exchange) and (exchange.status or 0) // 100 == 3


def lacks_text(view: View, exchange: Exchange) -> bool:
    expected = exchange.failure is None and exchange.status in view.target.expected_status
    return expected and view.has_expected_body(exchange) is False


def wrong_body(view: View, exchange: Exchange) -> bool:
    return lacks_text(view, exchange) and not by_the_app(exchange)


def changed_body(view: View, exchange: Exchange) -> bool:
    return lacks_text(view, exchange) and by_the_app(exchange)


def by_the_app(exchange: Exchange) -> bool:
    """An id comes back, and no page: an API that answers otherwise than expected is still the API."""
    page = is_html(exchange) or (exchange.body or "").lstrip().startswith("<")
    return correlated(exchange) and not page


def timed_out(_view: View, exchange: Exchange) -> bool:
    return exchange.failure is Failure.TIMEOUT


def behind_gateway(scene: Scene, match: Match) -> bool:
    """Only the gateway shows it, while every backend works for the probe."""
    backends = list(scene.having(Role.BACKEND))
    only = all(view.target.role is Role.GATEWAY for view in hit(scene, match))
    return only and bool(backends) and all(view.works for view in backends)


def cut_off(_view: View, exchange: Exchange) -> bool:
    return exchange.failure in {Failure.RESET, Failure.CLOSED, Failure.MALFORMED_RESPONSE, Failure.TLS_FAILURE}


def status_left_over(view: View, exchange: Exchange) -> bool:
    """No other row speaks of this status: neither an error, nor a redirect, nor one about identity."""
    status = exchange.status or 0
    identity = any(spoken(view, exchange) for spoken in (token_rejected, role_missing, access_denied, gateway_refused))
    firewall = service_firewall(exchange) or vault_firewall(exchange)
    spoken_for = status >= SERVER_ERROR or status // 100 == 3 or status == 404 or identity or firewall
    return unexpected(view, exchange) and not spoken_for and not made_by_gateway(view, exchange)


def gateway_refused(view: View, exchange: Exchange) -> bool:
    """The backend does not take API Management's identity, as far as a backend target shows that it could."""
    if not gateway_identity(view, exchange):  # first: what follows looks at every backend of the path
        return False
    backends = list(view.scene.having(Role.BACKEND))
    answering = [other for other in backends if other.works or any(rejects(other, one) for one in other.exchanges)]
    return bool(backends) and len(answering) == len(backends)


def rejects(view: View, exchange: Exchange) -> bool:
    return token_rejected(view, exchange) or role_missing(view, exchange) or access_denied(view, exchange)


def answering(predicate: Predicate, subject: Callable[[View, Exchange], str]) -> Callable[[Scene], Iterator[Match]]:
    """One match for each answer that the predicate holds for."""

    def find(scene: Scene) -> Iterator[Match]:
        for view in scene.views:
            for exchange in view.exchanges:
                if predicate(view, exchange):
                    yield about(view, exchange, subject(view, exchange))

    return find


def about(view: View, exchange: Exchange, subject: str) -> Match:
    location = exchange.headers.get("location", "")
    return Match(
        targets=(view.target.name,),
        subject=subject,
        evidence=(exchange.id,),
        words={
            **words(view),
            "address": exchange.address or "the gateway",
            "status": str(exchange.status or ""),
            "expected": " or ".join(map(str, view.target.expected_status)),
            "failure": str(exchange.failure or ""),
            "forbidden_ip": exchange.headers.get("x-ms-forbidden-ip", ""),
            "location": location or "nowhere",
            "caller": exchange.headers.get("x-ms-forbidden-ip") or "the caller",
            "elsewhere": host_of(location) or view.target.host,
            "correlation_id": exchange.correlation_id or "",
            "told": f" ({told})" if (told := reason(exchange)) else "",
            "looked_for": view.target.body_contains or "",
            "server": exchange.headers.get("server", "an unnamed server"),
            "method": exchange.method,
            "seconds": f"{view.scene.path.step_timeout_s[exchange.step]:g}",
        },
    )


def host_of(location: str) -> str | None:
    """Host of a Location header, `None` where it has none or is no URL."""
    try:
        return urlsplit(location).hostname
    except ValueError:
        return None


def by_host(view: View, _exchange: Exchange) -> str:
    return site(view.target.host)


def by_url(view: View, exchange: Exchange) -> str:
    return f"{exchange.method} {view.target.url.partition('?')[0]}"


def by_app(view: View, exchange: Exchange) -> str:
    """The whole app where each of its targets fails alike, else the URL."""
    app = site(view.target.host)
    others = [other for other in view.scene.views if other is not view and site(other.target.host) == app]
    alike = all(
        other.exchanges and all(outcome(found) == outcome(exchange) for found in other.exchanges) for other in others
    )
    return app if others and alike else by_url(view, exchange)


def by_destination(view: View, exchange: Exchange) -> str:
    """One who sends everybody to his own page is one cause; a login page is each app's own setting."""
    elsewhere = host_of(exchange.headers.get("location", ""))
    own = elsewhere is None or elsewhere in LOGIN_HOSTS or elsewhere == view.target.host
    return f"{view.target.host} to {elsewhere}" if own else f"to {elsewhere}"


def outcome(exchange: Exchange) -> tuple[Failure | None, int | None]:
    return exchange.failure, exchange.status


def redirects(scene: Scene) -> Iterator[Match]:
    for match in answering(redirected, by_destination)(scene):
        location, elsewhere = match.words["location"], match.words["elsewhere"]
        own = elsewhere == match.words["host"]
        (view,) = hit(scene, match)
        found = {**match.words, "destination": location if own else elsewhere, **redirect_words(view)}
        if elsewhere not in LOGIN_HOSTS:
            found["new_url"] = location
        else:
            found["login_page"] = elsewhere
            found |= {"login_site_id": found["site_id"]} if "site_id" in found else {}
        yield replace(match, words=found)


def request_slow(scene: Scene) -> Iterator[Match]:
    limit_ms = scene.path.thresholds.slow_request_ms
    for view in scene.views:
        for exchange in view.exchanges:
            taken_ms = exchange.duration_ms or 0
            if exchange.failure is None and taken_ms > limit_ms:
                phase, phase_ms = slowest(view, exchange)
                match = about(view, exchange, by_url(view, exchange))
                times = {
                    "ms": f"{taken_ms:.0f}",
                    "limit": f"{limit_ms:.0f}",
                    "phase": phase,
                    "phase_ms": f"{phase_ms:.0f}",
                }
                yield Match(
                    targets=match.targets,
                    subject=match.subject,
                    evidence=match.evidence,
                    words={**match.words, **times},
                )


def slowest(view: View, exchange: Exchange) -> tuple[str, float]:
    """The phase that took longest, among those of the same connection."""
    phases = {"the first byte of the answer": exchange.first_byte_ms or 0, "the body": exchange.body_ms or 0}
    for record in (*view.of(Connection), *view.of(Handshake)):
        if record.transaction == exchange.transaction:
            phases[f"the {record.step}"] = record.duration_ms or 0
    return max(phases.items(), key=lambda phase: phase[1])


def to_login(_scene: Scene, match: Match) -> bool:
    return match.words["elsewhere"] in LOGIN_HOSTS


def answers(scene: Scene, match: Match) -> list[Exchange]:
    return [exchange for view in hit(scene, match) for exchange in view.exchanges if exchange.id in match.evidence]


def in_html(scene: Scene, match: Match) -> bool:
    return any(is_html(exchange) and not correlated(exchange) for exchange in answers(scene, match))


def without_body(scene: Scene, match: Match) -> bool:
    return any(not exchange.body for exchange in answers(scene, match))


EVERYTHING = (Role.BACKEND, Role.STORAGE, Role.KEY_VAULT)
RULES = (
    Rule(
        id="route-not-found",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        intrinsic=True,
        title="The app has no such route",
        recognised_by="404 from the app itself, where another status is expected.",
        find=answering(route_not_found, by_url),
        summary="The app behind {host} answers 404 for {subject}: wrong prefix, wrong method, a disabled function, or an app that indexed none.",
        weakens=(Clue(says="it is a page in HTML, which the Functions host does not send", holds=in_html),),
        rivals=(Rival(id="host-name-not-bound", why="the page of the front end is missing", ruled_out=always),),
        fix=(
            "az functionapp function list --resource-group {app_group} --name {app} --output table",
            "An empty list means that function_app.py cannot be imported: the log of the host has the reason.",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger",
    ),
    Rule(
        id="app-error",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        intrinsic=True,
        title="The app fails",
        recognised_by="5xx from the app itself, where another status is expected; not 502, 503 or 504 without a sign of the app.",
        find=answering(server_error, by_app),
        summary="The app behind {host} answers {status} for {subject}; the request carried x-correlation-id {correlation_id}.",
        masks=("correlation-lost", "correlation-rewritten"),
        follows=EVERYTHING,
        fix=(
            "In the logs: union AppRequests, AppExceptions, AppTraces | where tostring(Properties) has '{correlation_id}' | order by TimeGenerated asc",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/functions-monitoring",
    ),
    Rule(
        id="request-timeout",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The app does not answer in time",
        recognised_by="The connection stands, TLS too, and no whole response comes within the time of the step.",
        find=answering(timed_out, by_app),
        summary="{subject} brought no whole answer from {host} within {seconds} s, on an open connection.",
        weakens=(
            Clue(
                says="the probe reaches the backend, and API Management may not: what brings it no answer may be its own way there",
                holds=behind_gateway,
            ),
        ),
        follows=EVERYTHING,
        fix=(
            "Look at what the app waits for (storage, database, another API); the request carried x-correlation-id {correlation_id}:",
            "In the logs: AppDependencies | where tostring(Properties) has '{correlation_id}' or DurationMs > 5000 | top 20 by TimeGenerated",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout",
    ),
    Rule(
        id="response-broken",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The connection ends before a whole HTTP response",
        recognised_by="RST, FIN or bytes that are no HTTP/1.1 after the request was sent.",
        find=answering(cut_off, by_host),
        summary="{address} broke off the response for {host} ({failure}).",
        follows=EVERYTHING,
        fix=("Find out who answers at {address}: a middlebox, or an instance of the app that dies in the request.",),
        reference="RFC 9112 section 8",
    ),
    Rule(
        id="wrong-responder",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="Somebody else answers",
        recognised_by="The status is an expected one, the body lacks the text that only the right application's answer holds, and it is a page or brings no correlation id back.",
        find=answering(wrong_body, by_host),
        summary="{address} answers {status} for {host}, and nothing in it is the application's: «{looked_for}» is missing from the body (server: {server}).",
        weakens=(Clue(says="the body is empty, which may be the application's own fault", holds=without_body),),
        follows=(Role.BACKEND,),
        masks=("anonymous-accepted", "correlation-lost", "correlation-rewritten"),
        fix=(
            "Find out who answers at {address}: another app, a login page, a captive portal; then check the record and the binding.",
        ),
        reference=CATALOGUE,
    ),
    Rule(
        id="body-unexpected",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The application answers something else than expected",
        recognised_by="The status is an expected one, a correlation id comes back with no page, and the body lacks the text looked for.",
        find=answering(changed_body, by_url),
        summary="{host} answers {subject} with {status} and a correlation id as the application does, and «{looked_for}» is missing from the body.",
        confidence=Confidence.MEDIUM,
        masks=("anonymous-accepted", "correlation-rewritten"),
        rivals=(Rival(id="wrong-responder", why="the answer brings a correlation id back", ruled_out=always),),
        fix=("See what the app answers now; if it is right, change body_contains.",),
        reference=CATALOGUE,
    ),
    Rule(
        id="redirected",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The request is redirected",
        recognised_by="3xx where another status is expected; redirects are never followed.",
        find=redirects,
        summary="{host} sends the caller on to {destination} ({status}) instead of answering.",
        supports=(
            Clue(says="{elsewhere} is a login page: App Service authentication redirects API callers", holds=to_login),
            having(
                "platform_redirects",
                "Azure says that App Service authentication is on, and redirects who has no session",
            ),
        ),
        masks=("correlation-lost", "correlation-rewritten"),
        fix=(
            "For an API, unauthenticated requests must be answered 401 and not redirected to {login_page}:",
            "az resource update --ids {login_site_id}/config/authsettingsV2 --set properties.globalValidation.unauthenticatedClientAction=Return401",
            "If {new_url} is another path, scheme or host name of the same app, use it as URL; else find out who answers at {address}.",
        ),
        reference="https://learn.microsoft.com/azure/app-service/overview-authentication-authorization",
    ),
    Rule(
        id="unexpected-status",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The app answers with an unexpected status",
        recognised_by="A status that is not expected and that no other row speaks of.",
        find=answering(status_left_over, by_url),
        summary="{subject} answers {status} instead of {expected}.",
        confidence=Confidence.LOW,
        fix=(
            "If {status} is right for a caller like the probe, add it to expected_status; if the route wants a token, give the target an audience.",
        ),
        reference=CATALOGUE,
    ),
    Rule(
        id="request-slow",
        stage=Stage.REQUEST,
        severity=Severity.WARNING,
        title="The answer is slow",
        recognised_by="An answer took longer than the path's slow_request_ms.",
        find=request_slow,
        summary="{subject} took {ms} ms, more than {limit} ms; the slowest part was {phase} with {phase_ms} ms.",
        follows=EVERYTHING,
        fix=(
            "Look for cold starts (always-ready instances), and for slow dependencies under x-correlation-id {correlation_id}.",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/performance-reliability",
    ),
)
