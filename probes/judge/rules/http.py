"""Causes in the answer to the request: App Service's own pages, the Functions host, the application."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rival, Rule, Stage
from probes.judge.rules.clues import always, hit
from probes.judge.rules.words import APP_SERVICE_DOCS, CATALOGUE, site, words
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Connection, Exchange, Handshake

HOST_DOCS = "https://learn.microsoft.com/azure/azure-functions/functions-recover-storage-account"
SERVER_ERROR = 500
LOGIN_HOSTS = ("login.microsoftonline.com", "login.windows.net", "login.live.com", "sts.windows.net")
OVERLOAD = ("service unavailable", "service temporarily unavailable", "service is unavailable")
"""What front ends and proxies (http.sys, nginx, Application Gateway) write into a 503 page of their own."""
Predicate = Callable[[View, Exchange], bool]


def says(exchange: Exchange, *phrases: str) -> bool:
    """Whether the reason or the body holds one of the phrases."""
    text = f"{exchange.reason or ''}\n{exchange.body or ''}".lower()
    return any(phrase in text for phrase in phrases)


def forbidden_ip(_view: View, exchange: Exchange) -> bool:
    return exchange.status == 403 and "x-ms-forbidden-ip" in exchange.headers


def stopped(_view: View, exchange: Exchange) -> bool:
    return exchange.status == 403 and says(exchange, "site disabled", "web app is stopped")


def unbound(_view: View, exchange: Exchange) -> bool:
    return exchange.status == 404 and says(exchange, "web site not found", "web app not found")


def host_down(_view: View, exchange: Exchange) -> bool:
    return exchange.status == 503 and says(exchange, "function host is not running")


def offline(view: View, exchange: Exchange) -> bool:
    html = exchange.headers.get("content-type", "").lower().startswith("text/html")
    overload = any(phrase in (exchange.body or "").lower() for phrase in OVERLOAD)
    return exchange.status == 503 and html and not overload and not host_down(view, exchange)


PLATFORM_PAGES: tuple[Predicate, ...] = (forbidden_ip, stopped, unbound, host_down, offline)
"""Answers that the front end or the host makes: they are findings even where their status is an expected one."""


def unexpected(view: View, exchange: Exchange) -> bool:
    """The application itself answered, with another status than expected."""
    answered = exchange.failure is None and exchange.status not in view.target.expected_status
    return answered and not any(page(view, exchange) for page in PLATFORM_PAGES)


def route_not_found(view: View, exchange: Exchange) -> bool:
    return unexpected(view, exchange) and exchange.status == 404 and not made_by_gateway(view, exchange)


def server_error(view: View, exchange: Exchange) -> bool:
    return unexpected(view, exchange) and (exchange.status or 0) >= SERVER_ERROR and not made_by_gateway(view, exchange)


def redirected(view: View, exchange: Exchange) -> bool:
    return unexpected(view, exchange) and (exchange.status or 0) // 100 == 3


def wrong_body(view: View, exchange: Exchange) -> bool:
    expected = exchange.failure is None and exchange.status in view.target.expected_status
    return expected and view.has_expected_body(exchange) is False


def timed_out(_view: View, exchange: Exchange) -> bool:
    return exchange.failure is Failure.TIMEOUT


def cut_off(_view: View, exchange: Exchange) -> bool:
    return exchange.failure in {Failure.RESET, Failure.CLOSED, Failure.MALFORMED_RESPONSE, Failure.TLS_FAILURE}


def made_by_gateway(view: View, exchange: Exchange) -> bool:
    """API Management's own error shape: `{"statusCode": 500, "message": ...}`."""
    body = (exchange.body or "").replace(" ", "")
    return view.target.role is Role.GATEWAY and body.startswith('{"statusCode":') and '"message":' in body


def status_left_over(view: View, exchange: Exchange) -> bool:
    """No other row speaks of this status: neither an error, nor a redirect, nor one about identity."""
    status = exchange.status or 0
    identity = status in {401, 403} and view.target.audience is not None
    spoken_for = status >= SERVER_ERROR or status // 100 == 3 or status == 404 or identity
    return unexpected(view, exchange) and not spoken_for and not made_by_gateway(view, exchange)


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
            "location": location,
            "elsewhere": host_of(location) or view.target.host,
            "correlation_id": exchange.correlation_id or "",
            "looked_for": view.target.body_contains or "",
            "server": exchange.headers.get("server", "an unnamed server"),
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


def walked_in_public(scene: Scene, match: Match) -> bool:
    return any(not view.is_private(record.address) for view in hit(scene, match) for record in view.of(Connection))


def walked_in_private(scene: Scene, match: Match) -> bool:
    return not walked_in_public(scene, match)


def to_login(_scene: Scene, match: Match) -> bool:
    return match.words["elsewhere"] in LOGIN_HOSTS


RULES = (
    Rule(
        id="public-path-refused",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The request came by the public path, which is closed",
        recognised_by="403 with the header x-ms-forbidden-ip, which only the public front end sends.",
        find=answering(forbidden_ip, by_host),
        summary="The front end of {host} refused the caller {forbidden_ip} on its public side, although the request went to {address}.",
        masks=("anonymous-accepted",),
        rivals=(
            Rival(id="app-stopped", why="a stopped app's page has no x-ms-forbidden-ip", ruled_out=always),
            Rival(id="zone-not-linked", why="{address} is a private address", ruled_out=walked_in_private),
        ),
        fix=(
            "Something between here and the app leads to the public front end: a proxy, a NAT rule or a service endpoint at {address}.",
            'az network vnet subnet list --resource-group {net_group} --vnet-name {vnet_name} --query "[].{name:name, serviceEndpoints:serviceEndpoints[].service}"',
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="app-stopped",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The app is stopped",
        recognised_by="403 with App Service's page «This web app is stopped».",
        find=answering(stopped, by_host),
        summary="The front end of {host} says that the app is stopped.",
        rivals=(Rival(id="public-path-refused", why="the answer has no x-ms-forbidden-ip", ruled_out=always),),
        fix=(
            "az functionapp start --resource-group {app_group} --name {app}",
            "If it stops again, look at the plan's quota.",
        ),
        reference="https://learn.microsoft.com/azure/app-service/overview-hosting-plans",
    ),
    Rule(
        id="host-name-not-bound",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The front end knows no app of that name",
        recognised_by="404 with App Service's page «Web Site not found».",
        find=answering(unbound, by_host),
        summary="The front end at {address} has no app bound to {host}.",
        rivals=(Rival(id="route-not-found", why="the page is the front end's, not the app's", ruled_out=always),),
        fix=(
            "az functionapp show --resource-group {app_group} --name {app} --query properties.enabledHostNames",
            "az functionapp config hostname add --resource-group {app_group} --name {app} --hostname {host}",
        ),
        reference="https://learn.microsoft.com/azure/app-service/app-service-web-tutorial-custom-domain",
    ),
    Rule(
        id="host-not-running",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The Functions host does not run",
        recognised_by="503 with the text «Function host is not running.»",
        find=answering(host_down, by_host),
        summary="The Functions host of {host} does not start: the front end waited for it and gave up.",
        fix=(
            "Check the storage account first (network, then role), then the app settings and the host's log:",
            "az functionapp config appsettings list --resource-group {app_group} --name {app} --query \"[?starts_with(name, 'AzureWebJobsStorage')].name\"",
            "In the logs: AppExceptions | where AppRoleName == '{app}' | top 10 by TimeGenerated",
        ),
        reference=HOST_DOCS,
    ),
    Rule(
        id="deployment-in-progress",
        stage=Stage.REQUEST,
        severity=Severity.WARNING,
        title="A deployment seems to be under way",
        recognised_by="503 with an HTML page that is not the host's: app_offline.htm.",
        find=answering(offline, by_host),
        summary="{host} shows an offline page: a deployment is under way, or left app_offline.htm behind.",
        confidence=Confidence.MEDIUM,
        rivals=(Rival(id="host-not-running", why="the host's own text is missing", ruled_out=always),),
        fix=("Wait for the deployment to end; if the page stays, remove app_offline.htm from wwwroot.",),
        reference="https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies",
    ),
    Rule(
        id="route-not-found",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The app has no such route",
        recognised_by="404 from the app itself, where another status is expected.",
        find=answering(route_not_found, by_url),
        summary="The app behind {host} answers 404 for {subject}: wrong prefix, wrong method, a disabled function, or an app that indexed none.",
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
        title="The app fails",
        recognised_by="5xx from the app itself, where another status is expected.",
        find=answering(server_error, by_url),
        summary="The app behind {host} answers {status} for {subject}; the request carried x-correlation-id {correlation_id}.",
        masks=("correlation-lost", "correlation-rewritten"),
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
        find=answering(timed_out, by_url),
        summary="The app behind {host} did not answer {subject} within {seconds} s.",
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
        fix=("Find out who answers at {address}: a middlebox, or an instance of the app that dies in the request.",),
        reference="RFC 9112 section 8",
    ),
    Rule(
        id="wrong-responder",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="Somebody else answers",
        recognised_by="The status is an expected one, and the body lacks the text that only the right application's answer holds.",
        find=answering(wrong_body, by_host),
        summary="{address} answers {status} for {host}, and it is not the application: «{looked_for}» is missing from the body (server: {server}).",
        masks=("anonymous-accepted", "correlation-lost", "correlation-rewritten"),
        fix=(
            "Find out who answers at {address}: another app, a login page, a captive portal; then check the record and the binding.",
        ),
        reference=CATALOGUE,
    ),
    Rule(
        id="redirected",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The request is redirected",
        recognised_by="3xx where another status is expected; redirects are never followed.",
        find=answering(
            redirected,
            lambda view, exchange: f"{view.target.host} to {host_of(exchange.headers.get('location', ''))}",
        ),
        summary="{host} sends the caller on to {elsewhere} ({status}) instead of answering.",
        supports=(
            Clue(says="{elsewhere} is a login page: App Service authentication redirects API callers", holds=to_login),
        ),
        masks=("correlation-lost", "correlation-rewritten"),
        fix=(
            "For an API, unauthenticated requests must be answered 401 and not redirected:",
            "az resource update --ids {site_id}/config/authsettingsV2 --set properties.globalValidation.unauthenticatedClientAction=Return401",
            "If it leads to another host name of the same app, use that one as base URL.",
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
        fix=(
            "Look for cold starts (always-ready instances), and for slow dependencies under x-correlation-id {correlation_id}.",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/performance-reliability",
    ),
)
