"""Causes at API Management, from its answers and from what it tells of its own call."""

from collections.abc import Iterator
from dataclasses import replace

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Clue, Match, Rival, Rule, Stage
from probes.judge.rules.checks import checked
from probes.judge.rules.clues import having, hit
from probes.judge.rules.http import EVERYTHING, about, answering, by_host, by_url, swallowed
from probes.judge.rules.pages import SERVER_ERROR, made_by_gateway, statement, unexpected
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Exchange

APIM_DOCS = "https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies"
UNAUTHORIZED = 401
"""Told of as a matter of identity."""
FORWARDING = frozenset({None, "forward-request"})
"""Statements whose failure is one of the way to the backend: the one that goes there, or none that is named."""
TRANSPORT = frozenset({Failure.BACKEND_CONNECTION_FAILURE, Failure.TIMEOUT})


def backends(scene: Scene) -> list[View]:
    return list(scene.having(Role.BACKEND))


def own_error(view: View, exchange: Exchange) -> bool:
    return unexpected(view, exchange) and made_by_gateway(view, exchange)


def forwarding_failed(view: View, exchange: Exchange) -> bool:
    """Its own 5xx, which no other statement is told to have caused."""
    failed = own_error(view, exchange) and (exchange.status or 0) >= SERVER_ERROR
    return failed and statement(exchange) in FORWARDING


def cannot_reach_backend(scene: Scene) -> Iterator[Match]:
    """The gateway says so itself, or fails in forwarding or without a word, while the probe reaches every backend."""
    reached = [view for view in backends(scene) if view.works]
    if len(reached) != len(backends(scene)) or not reached:
        return
    backing = tuple(exchange.id for view in reached for exchange in view.exchanges[:1])
    for view in scene.having(Role.GATEWAY):
        for exchange in view.exchanges:
            if forwarding_failed(view, exchange) or swallowed(view, exchange):
                match = about(view, exchange, "gateway")
                yield replace(
                    match,
                    evidence=(*match.evidence, *backing),
                    words={**match.words, "backend": reached[0].target.host},
                )
    for view in reached:
        for exchange in scene.seen_by_gateway(view.target.name):
            if exchange.failure in TRANSPORT:
                match = about(view, exchange, "gateway")
                words = {**match.words, "backend": view.target.host, "status": str(exchange.failure)}
                yield replace(match, evidence=(exchange.id, view.exchanges[0].id), words=words)


def answered_otherwise(scene: Scene) -> Iterator[tuple[View, Exchange]]:
    """What API Management tells of an answer that it got, and the probe does not get."""
    for view in backends(scene):
        for exchange in scene.seen_by_gateway(view.target.name):
            if view.works and exchange.failure is None and exchange.status not in view.target.expected_status:
                yield view, exchange


def gets_other_answer(scene: Scene) -> Iterator[Match]:
    for view, exchange in answered_otherwise(scene):
        if exchange.status != UNAUTHORIZED:
            match = about(view, exchange, "gateway")
            own = next(found for found in view.exchanges if view.satisfies(found))
            words = {**match.words, "ours": str(own.status)}
            yield replace(match, evidence=(exchange.id, own.id), words=words)


def refuses_caller(view: View, exchange: Exchange) -> bool:
    return own_error(view, exchange) and (exchange.status or 0) < SERVER_ERROR


def gateway_fails(view: View, exchange: Exchange) -> bool:
    """Its own 5xx, and no healthy backend to compare with, or another statement than forward-request at fault."""
    if not own_error(view, exchange) or (exchange.status or 0) < SERVER_ERROR:
        return False
    compared = [other for other in backends(view.scene) if other.works]
    whole = bool(compared) and len(compared) == len(backends(view.scene))
    return not (whole and forwarding_failed(view, exchange))


def told_by_gateway(scene: Scene, _match: Match) -> bool:
    seen = (exchange for view in backends(scene) for exchange in scene.seen_by_gateway(view.target.name))
    return any(exchange.failure in TRANSPORT for exchange in seen)


def without_a_word(scene: Scene, match: Match) -> bool:
    return any(swallowed(view, exchange) for view in hit(scene, match) for exchange in view.exchanges)


def failed_statement(scene: Scene) -> Iterator[Match]:
    for match in answering(gateway_fails, by_url)(scene):
        source = named_statement(scene, match)
        what = f"{source} in its policy failed" if source else "nothing here shows whether the backend can be reached"
        yield replace(match, words={**match.words, "what": what})


def named_statement(scene: Scene, match: Match) -> str | None:
    told = (statement(exchange) for view in hit(scene, match) for exchange in view.exchanges)
    return next((source for source in told if source not in FORWARDING), None)


RULES = (
    Rule(
        id="gateway-cannot-reach-backend",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="API Management does not reach the backend, and the probe does",
        recognised_by="API Management answers with its own 5xx, with 500 and not a word, or tells of a connection failure, while every backend target works from here.",
        find=lambda scene: (checked(scene, match) for match in cannot_reach_backend(scene)),
        summary="API Management fails with {status}{told} where the probe reaches {backend}: its DNS, its subnet's rules or its policy differ from what is seen here.",
        confidence=Confidence.MEDIUM,
        supports=(
            Clue(says="API Management itself tells of a connection failure", holds=told_by_gateway),
            having("check_failed", "API Management's own test of the way says so too: {check}"),
        ),
        weakens=(
            having(
                "check_passed",
                "API Management's own test of the way passes ({check}): what fails lies beyond the connection, or in its policy",
            ),
            Clue(
                says="nothing in the answer shows who made it: a policy may swallow the reason, or the app fail for this URL only",
                holds=without_a_word,
            ),
        ),
        masks=("correlation-lost",),
        rivals=(
            Rival(
                id="app-error",
                why="the backend answers the probe as expected",
                ruled_out=lambda scene, _match: bool(backends(scene)),
            ),
        ),
        fix=(
            "Compare the DNS servers that API Management knows with those of the VNet; apply the network configuration if they differ:",
            'az rest --method get --url "https://management.azure.com/subscriptions/{service_subscription}/resourceGroups/{service_group}/providers/Microsoft.ApiManagement/service/{service}/networkstatus?api-version=2024-05-01"',
            "az apim apply-network-updates --resource-group {service_group} --name {service}",
            "Then the rules and routes of its subnet, and base-url, time limit and managed identity in its policy.",
        ),
        reference=APIM_DOCS,
    ),
    Rule(
        id="gateway-gets-other-answer",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The backend answers API Management otherwise than the probe",
        recognised_by="API Management tells of a status that is not expected, while the backend target works from here.",
        find=gets_other_answer,
        summary="The backend answers API Management with {status} and the probe with {ours}: it comes by another way, as somebody else, or with another URL.",
        confidence=Confidence.LOW,
        masks=("correlation-lost",),
        fix=(
            "Compare base-url, credentials and headers in the policy of {service} with what the probe sends; a 403 may mean that it resolves the backend in public.",
            "In the logs: ApiManagementGatewayLogs | where BackendResponseCode >= 400 | top 20 by TimeGenerated | project TimeGenerated, BackendUrl, BackendResponseCode",
        ),
        reference=APIM_DOCS,
    ),
    Rule(
        id="gateway-error",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="API Management answers with an error of its own",
        recognised_by="API Management's own 5xx, and no working backend target to compare with, or a statement of its policy named that has nothing to do with the way to the backend.",
        find=failed_statement,
        summary="API Management answers {subject} with its own {status}{told}: {what}.",
        confidence=Confidence.LOW,
        supports=(
            Clue(
                says="API Management names the statement of its policy that failed",
                holds=lambda scene, match: named_statement(scene, match) is not None,
            ),
        ),
        follows=EVERYTHING,
        masks=("correlation-lost",),
        fix=(
            "If authentication-managed-identity failed, check the identity of {service} and the application it asks a token for; if an expression did, its statement in the policy.",
            "Read LastErrorReason and BackendResponseCode of the call in ApiManagementGatewayLogs:",
            "In the logs: ApiManagementGatewayLogs | where IsRequestSuccess == false | top 20 by TimeGenerated | project TimeGenerated, ResponseCode, BackendResponseCode, LastErrorReason, LastErrorMessage",
        ),
        reference=APIM_DOCS,
    ),
    Rule(
        id="gateway-refuses-caller",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="API Management refuses the call itself",
        recognised_by="4xx in API Management's own error shape, where another status is expected.",
        find=answering(refuses_caller, by_host),
        summary="API Management answers {status}{told} for {url} itself: the backend was never called.",
        masks=("correlation-lost", "token-rejected", "role-missing"),
        fix=(
            "Check subscription key, product and operation of the call: a missing key is 401, a policy's refusal 401 or 403, an unknown path of the API 404, a used-up limit 429.",
        ),
        reference=APIM_DOCS,
    ),
)
