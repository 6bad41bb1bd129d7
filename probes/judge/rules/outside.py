"""Seen from a network that must not reach the path: what answers there, and what is no proof that nothing does."""

from collections.abc import Iterator
from dataclasses import replace

from probes.judge.finding import Severity
from probes.judge.rule import Match, Rule, Stage
from probes.judge.rules.exposure import still_open
from probes.judge.rules.http import about
from probes.judge.rules.pages import forbidden_ip, proxied, service_firewall, unbound, vault_firewall
from probes.judge.rules.words import APP_SERVICE_DOCS, site, words
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Exchange, Vantage


def meant_closed(scene: Scene) -> Iterator[View]:
    """Targets that nobody outside may reach; telemetry may be taken in public."""
    return (view for view in scene.views if view.target.role is not Role.INGESTION)


def refused_as_network(view: View, exchange: Exchange) -> bool:
    """The service turned the caller's network away, or has no such app: nobody gets further from there."""
    closed = forbidden_ip(view, exchange) or unbound(view, exchange)
    return closed or service_firewall(exchange) or vault_firewall(exchange)


def let_in(view: View) -> list[Exchange]:
    """Answers of something behind the network's door, be they a refusal of the caller's identity."""
    answered = (exchange for exchange in view.of(Exchange) if exchange.failure is None)
    return [one for one in answered if not refused_as_network(view, one) and not proxied(view, one)]


def is_closed(view: View) -> bool:
    """It is shown that nothing can be reached: every answer turns the network away, or there is no way to ask at all."""
    answered = [exchange for exchange in view.of(Exchange) if exchange.failure is None]
    if answered:
        return all(refused_as_network(view, exchange) for exchange in answered)
    answer = view.dns
    if answer is None or not view.seen:
        return False
    # A private address that does not connect from here is another network's; one of the internet may be mere silence.
    return answer.negative or view.private(answer.addresses)


def public_path_open(scene: Scene) -> Iterator[Match]:
    """By what answers outside; inside by Azure's word, once the path says that it is closed."""
    yield from still_open(scene)
    for view in meant_closed(scene) if scene.path.vantage is Vantage.OUTSIDE else ():
        answers = let_in(view)
        if answers:
            match = about(view, answers[0], site(view.target.host))
            evidence = tuple(exchange.id for exchange in answers)
            opening = (
                f"answers {match.words['status']} to a network that must not reach it, at {match.words['address']}"
            )
            found = {**match.words, "opening": opening}
            yield replace(match, evidence=evidence, words=found, exposes=True)


def closure_not_seen(scene: Scene) -> Iterator[Match]:
    for view in meant_closed(scene):
        if view.records and view.seen and not let_in(view) and not is_closed(view):
            failed = [record for record in view.records if record.failure is not None] or list(view.records[-1:])
            found = {**words(view), "step": failed[0].step.value, "failure": str(failed[0].failure or "an answer")}
            evidence = tuple(record.id for record in failed)
            yield Match(targets=(view.target.name,), subject=view.target.host, evidence=evidence, words=found)


RULES = (
    Rule(
        id="public-path-open",
        stage=Stage.IDENTITY,
        severity=Severity.ERROR,
        title="The target answers in a network that must not reach it",
        recognised_by="From vantage outside: any answer that does not turn the caller's network away, a 401 included. From inside, where the path says closed = true: Azure does not say that public access is Disabled; null is no proof, and a warning.",
        find=public_path_open,
        summary="{url} {opening}: public access is not closed, or another way in exists.",
        outside=None,
        fix=(
            "After the private path is proven, close public access:",
            "az functionapp update --resource-group {app_group} --name {app} --set publicNetworkAccess=Disabled",
            "az storage account update --name {account} --public-network-access Disabled",
            "az keyvault update --name {vault} --public-network-access Disabled",
            'az apim show --resource-group {service_group} --name {gateway} --query "[virtualNetworkType,publicNetworkAccess]"',
            "Look for another way in as well: a slot, a custom domain, a proxy or an application gateway at {address}.",
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="closure-not-seen",
        stage=Stage.AGENT,
        severity=Severity.WARNING,
        title="It could not be seen whether the target is closed",
        recognised_by="From vantage outside: no answer that turns the network away, and a failure that may be the agent's own.",
        find=closure_not_seen,
        summary="Nothing shows from outside whether {host} is closed: {step} failed ({failure}), which a fault on the way explains as well.",
        outside=True,
        fix=("Give the agent outside a working way to the internet, and sweep again.",),
        reference=APP_SERVICE_DOCS,
    ),
)
