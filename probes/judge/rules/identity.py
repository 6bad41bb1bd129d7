"""Causes in who asks: the token, what the backend makes of it, and what it does without one."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rule, Stage
from probes.judge.rules.clues import hit
from probes.judge.rules.http import PLATFORM_PAGES, about, by_host, made_by_gateway, says
from probes.judge.rules.words import CATALOGUE, words
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Exchange

ENTRA_DOCS = "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference"
ROLE_REASONS = frozenset({None, "role_missing"})


def reason(exchange: Exchange) -> str | None:
    """The reason code of a problem document (RFC 9457), `None` = the application gave none."""
    try:
        body: Any = json.loads(exchange.body or "")
    except (ValueError, RecursionError):
        return None
    found = body.get("reason") if isinstance(body, dict) else None
    return found if isinstance(found, str) else None


def token_unavailable(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        for token in view.tokens:
            if token.failure is not None:
                found = {**words(view), "audience": token.audience, "failure": token.failure.value}
                yield Match(targets=(view.target.name,), subject=token.audience, evidence=(token.id,), words=found)


def refused(view: View, exchange: Exchange, status: int) -> bool:
    """A token was sent, and the application itself, not the front end, refused it."""
    with_token = view.target.audience is not None and exchange.status == status
    unexpected = with_token and status not in view.target.expected_status
    return unexpected and not network_denied(exchange) and not any(page(view, exchange) for page in PLATFORM_PAGES)


def network_denied(exchange: Exchange) -> bool:
    """A firewall of storage or Key Vault refuses the network, whoever asks: the token was not looked at."""
    firewall = exchange.headers.get("x-ms-error-code") == "AuthorizationFailure"
    return exchange.status == 403 and (firewall or says(exchange, "forbiddenbyfirewall", "forbiddenbyconnection"))


def token_rejected(view: View, exchange: Exchange) -> bool:
    other_reason = refused(view, exchange, 403) and reason(exchange) not in ROLE_REASONS
    return refused(view, exchange, 401) or other_reason


def role_missing(view: View, exchange: Exchange) -> bool:
    return refused(view, exchange, 403) and reason(exchange) in ROLE_REASONS


def with_token(predicate: Callable[[View, Exchange], bool]) -> Callable[[Scene], Iterator[Match]]:
    def find(scene: Scene) -> Iterator[Match]:
        for view in scene.views:
            for exchange in view.exchanges:
                if predicate(view, exchange):
                    match = about(view, exchange, view.target.audience or "")
                    tokens = tuple(token.id for token in view.tokens)
                    claims = dict(view.tokens[-1].claims) if view.tokens else {}
                    shown = {name: str(claims.get(name, "none")) for name in ("aud", "iss", "ver", "oid", "roles")}
                    found = {**match.words, **shown, "reason": reason(exchange) or "no reason given"}
                    caller = str(claims.get("azp") or claims.get("appid") or "none")
                    yield replace(
                        match,
                        evidence=(*match.evidence, *tokens),
                        words={**found, "audience": view.target.audience or "", "caller": caller},
                    )

    return find


def anonymous_accepted(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        for exchange in view.anonymous:
            if exchange.failure is None and (exchange.status or 0) // 100 == 2:
                yield replace(about(view, exchange, view.target.host), exposes=True)


def correlated(scene: Scene) -> Iterator[tuple[View, Exchange]]:
    """Answers that should bring an id back: those of the application, not of what stands before it."""
    for view in scene.views:
        if view.target.correlation:
            for exchange in view.exchanges:
                in_front = made_by_gateway(view, exchange) or any(page(view, exchange) for page in PLATFORM_PAGES)
                if view.satisfies(exchange) and not in_front:
                    yield view, exchange


def correlation_lost(scene: Scene) -> Iterator[Match]:
    for view, exchange in correlated(scene):
        if "x-correlation-id" not in exchange.headers:
            yield about(view, exchange, by_host(view, exchange))


def correlation_rewritten(scene: Scene) -> Iterator[Match]:
    """The gateway sets an id of its own on purpose; a backend must keep the one it gets."""
    for view, exchange in correlated(scene):
        returned = exchange.headers.get("x-correlation-id")
        if view.target.role is not Role.GATEWAY and returned is not None and returned != exchange.correlation_id:
            match = about(view, exchange, by_host(view, exchange))
            yield replace(match, words={**match.words, "returned": returned})


def reason_given(scene: Scene, match: Match) -> bool:
    return any(reason(exchange) is not None for view in hit(scene, match) for exchange in view.exchanges)


RULES = (
    Rule(
        id="token-unavailable",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The managed identity gives no token",
        recognised_by="Asking for a token failed.",
        find=token_unavailable,
        summary="The managed identity gives no token for {audience} ({failure}): {targets} could not be asked with one.",
        masks=("token-rejected", "role-missing"),
        fix=(
            "az functionapp identity show --resource-group PROBE_RESOURCE_GROUP --name PROBE_APP",
            "Check that the application {audience} exists in this tenant:",
            "az ad sp show --id {audience}",
        ),
        reference="https://learn.microsoft.com/azure/app-service/overview-managed-identity",
    ),
    Rule(
        id="token-rejected",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The backend rejects a token that Entra issued",
        recognised_by="401 from the application to a request with a token, or 403 with a reason that is not the role.",
        find=with_token(token_rejected),
        summary="{host} rejects the token for {audience} ({reason}); it has aud {aud}, iss {iss}, version {ver}.",
        supports=(Clue(says="the application names the reason", holds=reason_given),),
        confidence=Confidence.MEDIUM,
        masks=("role-missing",),
        fix=(
            "Align what the backend accepts with aud, iss and version of the token; the version is the API registration's choice:",
            'az ad app show --id {audience} --query "{uris:identifierUris, version:api.requestedAccessTokenVersion}"',
            "az webapp auth show --resource-group {app_group} --name {app}",
        ),
        reference=ENTRA_DOCS,
    ),
    Rule(
        id="role-missing",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The caller has a valid token without the role",
        recognised_by="403 from the application itself to a request with a token.",
        find=with_token(role_missing),
        summary="{host} takes the token of {caller} and refuses the call: the identity has roles {roles}.",
        confidence=Confidence.MEDIUM,
        supports=(Clue(says="the application names the missing role as the reason", holds=reason_given),),
        fix=(
            "Assign the app role to the identity {oid}; its tokens show it after up to 24 hours:",
            "az rest --method post --url https://graph.microsoft.com/v1.0/servicePrincipals/{oid}/appRoleAssignments --body ROLE_ASSIGNMENT_JSON",
        ),
        reference="https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps",
    ),
    Rule(
        id="anonymous-accepted",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The backend answers callers without credentials",
        recognised_by="2xx to a request without credentials on a route that must refuse them.",
        find=anonymous_accepted,
        summary="{url} answers {status} to a caller without credentials: the Private Endpoint is all that protects it.",
        fix=(
            "Validate the caller's token in the app (see orders/ for an example), or require it before the app:",
            "az resource update --ids {site_id}/config/authsettingsV2 --set properties.platform.enabled=true properties.globalValidation.requireAuthentication=true properties.globalValidation.unauthenticatedClientAction=Return401",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/security-concepts",
    ),
    Rule(
        id="correlation-lost",
        stage=Stage.IDENTITY,
        severity=Severity.WARNING,
        title="The correlation id does not come back",
        recognised_by="An answer without x-correlation-id from a target that must return one.",
        find=correlation_lost,
        summary="{url} answers without x-correlation-id: a call cannot be followed from the gateway's log to the app's.",
        fix=("Return the id in the app (see orders/), and set it in the gateway's policy in inbound and on-error.",),
        reference=CATALOGUE,
    ),
    Rule(
        id="correlation-rewritten",
        stage=Stage.IDENTITY,
        severity=Severity.WARNING,
        title="The backend replaces the correlation id",
        recognised_by="Another x-correlation-id comes back from a backend than was sent.",
        find=correlation_rewritten,
        summary="{url} was sent x-correlation-id {correlation_id} and returned {returned}: the chain of logs breaks there.",
        fix=("Keep the id of the request when it is well formed, and make one only when there is none.",),
        reference=CATALOGUE,
    ),
)
