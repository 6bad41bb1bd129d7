"""Causes in who asks: the token, what the backend makes of it, and what it does without one."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rival, Rule, Stage
from probes.judge.rules.authentication import audience_words, settings
from probes.judge.rules.clues import having, hit
from probes.judge.rules.gateway import answered_otherwise
from probes.judge.rules.http import about, answering, by_host, gateway_refused
from probes.judge.rules.pages import (
    GATEWAY_REQUEST_ID,
    access_denied,
    by_authentication,
    correlated,
    in_front,
    made_by_gateway,
    reason,
    role_missing,
    token_rejected,
)
from probes.judge.rules.words import CATALOGUE, words
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Credential, Exchange, Token

UNAUTHORIZED = 401
ENTRA_DOCS = "https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference"


def token_unavailable(scene: Scene) -> Iterator[Match]:
    asked = [token.failure for view in scene.views for token in view.of(Token)]
    alike = None not in asked and len(set(asked)) == 1
    for view in scene.views:
        for token in view.tokens:
            if token.failure is not None:
                found = {**words(view), "audience": token.audience, "failure": token.failure.value}
                subject = "every audience" if alike else token.audience
                yield Match(targets=(view.target.name,), subject=subject, evidence=(token.id,), words=found)


def told(claim: str | tuple[str, ...] | None) -> str:
    """A claim as a sentence has it."""
    return (claim if isinstance(claim, str) else ", ".join(claim or ())) or "none"


def with_token(predicate: Callable[[View, Exchange], bool]) -> Callable[[Scene], Iterator[Match]]:
    def find(scene: Scene) -> Iterator[Match]:
        for view in scene.views:
            for exchange in view.exchanges:
                if predicate(view, exchange):
                    match = about(view, exchange, view.target.audience or "")
                    tokens = tuple(token.id for token in view.tokens)
                    claims = dict(view.tokens[-1].claims) if view.tokens else {}
                    shown = {name: told(claims.get(name)) for name in ("aud", "iss", "ver", "oid", "roles")}
                    found = {**match.words, **shown, "reason": reason(exchange) or "no reason given"}
                    caller = told(claims.get("azp") or claims.get("appid"))
                    if "oid" in claims:
                        found["principal"] = shown["oid"]
                    yield replace(
                        match,
                        evidence=(*match.evidence, *tokens, *settings(view).ids),
                        words={
                            **found,
                            **audience_words(view, shown["aud"], by_app=reason(exchange) is not None),
                            "audience": view.target.audience or "",
                            "caller": caller,
                        },
                    )

    return find


def let_in(exchange: Exchange) -> bool:
    return exchange.failure is None and (exchange.status or 0) // 100 == 2


def accepted(kind: Credential) -> Callable[[Scene], Iterator[Match]]:
    """Who is let in without any credential says nothing of what it makes of a wrong one."""

    def find(scene: Scene) -> Iterator[Match]:
        for view in scene.views:
            open_to_all = kind is not Credential.NONE and any(map(let_in, view.anonymous))
            for exchange in view.refusing(kind):
                if let_in(exchange) and not open_to_all:
                    match = about(view, exchange, view.target.host)
                    found = {
                        **match.words,
                        "audience": view.target.audience or "",
                        "foreign_audience": view.target.foreign_audience or "",
                        "setting": view.target.old_key_setting or "",
                    }
                    yield replace(match, words=found, exposes=True)

    return find


def refusal_not_checked(scene: Scene) -> Iterator[Match]:
    for view in scene.views:
        if not view.works or not view.seen:
            continue
        open_kinds = [
            kind for kind in view.target.must_refuse if not any(found.status for found in view.refusing(kind))
        ]
        if open_kinds:
            own = next(exchange for exchange in view.exchanges if view.satisfies(exchange))
            failed = tuple(token.id for token in view.foreign_tokens if token.failure is not None)
            match = about(view, own, view.target.host)
            found = {
                **match.words,
                "kinds": ", ".join(open_kinds),
                "foreign_audience": view.target.foreign_audience or "none",
                "setting": view.target.old_key_setting or "none",
            }
            yield replace(match, evidence=(*match.evidence, *failed), words=found)


def gateway_identity_rejected(scene: Scene) -> Iterator[Match]:
    """Seen from a caller without credentials, or told by API Management of its own call."""
    yield from answering(gateway_refused, lambda _view, _exchange: "gateway")(scene)
    for view, exchange in answered_otherwise(scene):
        if exchange.status == UNAUTHORIZED:
            yield about(view, exchange, "gateway")


def unsigned(scene: Scene, match: Match) -> bool:
    """The answer that came through the gateway has neither a correlation id nor a challenge."""
    through = (found for view in hit(scene, match) for found in view.exchanges if found.id in match.evidence)
    return any(not correlated(found) and "www-authenticate" not in found.headers for found in through)


def asked_anonymously(scene: Scene, match: Match) -> bool:
    return any(view.anonymous for view in hit(scene, match))


NOT_ASKED_ANONYMOUSLY = Clue(
    says="nobody asked without credentials: it may be open to all",
    holds=lambda scene, match: not asked_anonymously(scene, match),
)
OPEN_TO_ALL = Rival(
    id="anonymous-accepted", why="a request without credentials was refused", ruled_out=asked_anonymously
)


def by_application(scene: Scene) -> Iterator[tuple[View, Exchange]]:
    """Answers that should bring an id back: those of the application, not of what stands before it."""
    for view in scene.views:
        if view.target.correlation:
            for exchange in view.exchanges:
                before = made_by_gateway(view, exchange) or in_front(view, exchange) or by_authentication(exchange)
                if view.satisfies(exchange) and not before:
                    yield view, exchange


def correlation_lost(scene: Scene) -> Iterator[Match]:
    for view, exchange in by_application(scene):
        if "x-correlation-id" not in exchange.headers:
            yield about(view, exchange, by_host(view, exchange))


def correlation_rewritten(scene: Scene) -> Iterator[Match]:
    """A backend must keep the id it gets; of a gateway's answer it must be the gateway's own, where that is told."""
    for view, exchange in by_application(scene):
        through_gateway = view.target.role is Role.GATEWAY
        due = exchange.headers.get(GATEWAY_REQUEST_ID) if through_gateway else exchange.correlation_id
        returned = exchange.headers.get("x-correlation-id")
        if due is not None and returned is not None and returned != due:
            match = about(view, exchange, by_host(view, exchange))
            sender = "API Management" if through_gateway else "the probe"
            yield replace(match, words={**match.words, "returned": returned, "due": due, "sender": sender})


def reason_given(scene: Scene, match: Match) -> bool:
    return any(reason(exchange) is not None for view in hit(scene, match) for exchange in view.exchanges)


RULES = (
    Rule(
        id="token-unavailable",
        stage=Stage.AGENT,  # the agent's own identity: nothing about a target explains its lack
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
        intrinsic=True,
        title="The backend rejects a token that Entra issued",
        recognised_by="401 from the application to a request with a token, or 403 with a reason that is not the role.",
        find=with_token(token_rejected),
        summary="{host} rejects the token for {audience} ({reason}); it has aud {aud}, iss {iss}, version {ver}.",
        supports=(
            Clue(says="the application names the reason", holds=reason_given),
            having("allowed", "App Service authentication stands before the app, and its audiences are others"),
        ),
        confidence=Confidence.MEDIUM,
        masks=("role-missing", "gateway-identity-rejected"),
        fix=(
            "App Service authentication accepts tokens for {allowed}; ask for one of these (audience), or allow {aud} there.",
            "App Service authentication accepts the audience ({allowed_audience}): compare issuer and version first.",
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
        intrinsic=True,
        title="The caller has a valid token without the role",
        recognised_by="403 from the application itself to a request with a token.",
        find=with_token(role_missing),
        summary="{host} takes the token of {caller} and refuses the call: the identity has roles {roles}.",
        confidence=Confidence.MEDIUM,
        supports=(Clue(says="the application names the missing role as the reason", holds=reason_given),),
        fix=(
            "Compare the app roles that the backend asks for with those in the token: {roles}.",
            "Assign the app role to the identity {principal}; its tokens show it after up to 24 hours:",
            "az rest --method post --url https://graph.microsoft.com/v1.0/servicePrincipals/{principal}/appRoleAssignments --body ROLE_ASSIGNMENT_JSON",
        ),
        reference="https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps",
    ),
    Rule(
        id="identity-not-allowed",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        intrinsic=True,
        title="App Service authentication does not let the caller in",
        recognised_by="403 to a request with a token, with the page of App Service authentication.",
        find=with_token(access_denied),
        summary="What authenticates callers before {host} refuses {caller} with 403: the token may be valid, and its owner is not on the list.",
        confidence=Confidence.MEDIUM,
        fix=(
            "Look at the allowed applications, identities and audiences of App Service authentication:",
            "az webapp auth show --resource-group {app_group} --name {app}",
        ),
        reference="https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad",
    ),
    Rule(
        id="gateway-identity-rejected",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The backend refuses what API Management sends as its identity",
        recognised_by="API Management passes on a 401 or 403 that it did not make, to a caller who sends no credentials, or tells of a 401 where the probe is let in.",
        find=gateway_identity_rejected,
        summary="Through API Management the backend answers {status} for {url}: it refuses the token, key or certificate that the gateway sends, or the gateway sends none.",
        confidence=Confidence.MEDIUM,
        weakens=(
            Clue(says="nothing in the answer shows the backend: a policy may refuse the caller itself", holds=unsigned),
        ),
        masks=("correlation-lost",),
        fix=(
            "In the policy of {service}, check authentication-managed-identity: resource, client-id, and ignore-error, which hides a missing token.",
            "Check that the identity of {service} has the app role of the backend, and that the backend allows it:",
            "az apim show --resource-group {service_group} --name {service} --query identity",
        ),
        reference="https://learn.microsoft.com/azure/api-management/authentication-managed-identity-policy",
    ),
    Rule(
        id="anonymous-accepted",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The backend answers callers without credentials",
        recognised_by="2xx to a request without credentials on a route that must refuse them.",
        find=accepted(Credential.NONE),
        summary="{url} answers {status} to a caller without credentials: the Private Endpoint is all that protects it.",
        fix=(
            "Validate the caller's token in the app (see orders/ for an example), or require it before the app:",
            "az resource update --ids {site_id}/config/authsettingsV2 --set properties.platform.enabled=true properties.globalValidation.requireAuthentication=true properties.globalValidation.unauthenticatedClientAction=Return401",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/security-concepts",
    ),
    Rule(
        id="foreign-token-accepted",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The backend accepts a token for another audience",
        recognised_by="2xx to a request with a good token of the same tenant for another audience.",
        find=accepted(Credential.FOREIGN_TOKEN),
        summary="{url} answers {status} to a token for {foreign_audience}: whoever gets any token of the tenant gets in.",
        weakens=(NOT_ASKED_ANONYMOUSLY,),
        rivals=(OPEN_TO_ALL,),
        fix=(
            "Check aud of every token against {audience} and nothing else (see orders/), or let the platform do it:",
            "az webapp auth show --resource-group {app_group} --name {app}",
            "There, identityProviders.azureActiveDirectory.validation.allowedAudiences must name {audience} only.",
        ),
        reference=ENTRA_DOCS,
    ),
    Rule(
        id="old-key-accepted",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The backend accepts a key that was withdrawn",
        recognised_by="2xx to a request with the function key of the setting old_key_setting.",
        find=accepted(Credential.OLD_KEY),
        summary="{url} answers {status} to the withdrawn key in {setting}: whoever kept it still gets in.",
        weakens=(NOT_ASKED_ANONYMOUSLY,),
        rivals=(OPEN_TO_ALL,),
        fix=(
            "Take the old key out of ORDERS_FUNCTION_KEYS, or renew it where the host keeps it:",
            "az functionapp keys list --resource-group {app_group} --name {app}",
            "Instances that run keep what they have read: restart the app.",
            "az functionapp restart --resource-group {app_group} --name {app}",
        ),
        reference="https://learn.microsoft.com/azure/azure-functions/function-keys-how-to",
    ),
    Rule(
        id="refusal-not-checked",
        stage=Stage.IDENTITY,
        severity=Severity.WARNING,
        title="A refusal that the path demands could not be tried",
        recognised_by="The target works, and no request with a credential of must_refuse was answered.",
        find=refusal_not_checked,
        summary="{host} was not asked with what it must refuse ({kinds}): that it does refuse it is not proven.",
        fix=(
            "For foreign-token, the probe's identity must get a token for {foreign_audience}: the application must exist.",
            "For old-key, the probe app must have the setting {setting}; a Key Vault reference keeps the key out of sight.",
        ),
        reference=CATALOGUE,
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
        title="Another correlation id comes back than was due",
        recognised_by="Another x-correlation-id comes back from a backend than was sent, or from API Management than the id of its own that it tells in x-gateway-request-id.",
        find=correlation_rewritten,
        summary="{url} returned x-correlation-id {returned}, and {due} is the id of {sender}: the chain of logs breaks there.",
        fix=(
            "In the app, keep the id of the request when it is well formed, and make one only when there is none.",
            "In API Management, override x-correlation-id with context.RequestId in the global policy, and begin inbound of every API with base: append sends two ids, and without base none is set.",
        ),
        reference=CATALOGUE,
    ),
)
