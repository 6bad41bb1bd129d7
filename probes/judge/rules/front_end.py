"""Causes in what stands before the application: a proxy, App Service's front end, the Functions host."""

from collections.abc import Iterator
from dataclasses import replace

from probes.failure import Failure
from probes.judge.finding import Confidence, Severity
from probes.judge.rule import Match, Rival, Rule, Stage
from probes.judge.rules.clues import always, having, hit
from probes.judge.rules.http import EVERYTHING, answering, by_app, by_host
from probes.judge.rules.pages import (
    certificate_wanted,
    forbidden_ip,
    front_error,
    host_down,
    not_starting,
    offline,
    proxied,
    service_firewall,
    stopped,
    unbound,
    vault_firewall,
)
from probes.judge.rules.words import APP_SERVICE_DOCS
from probes.judge.scene import Scene, View
from probes.path import Role
from probes.records import Connection, Exchange

HOST_DOCS = "https://learn.microsoft.com/azure/azure-functions/functions-recover-storage-account"
STORES = (Role.STORAGE, Role.KEY_VAULT)
"""What an app lives on."""


def wants_certificate(view: View, exchange: Exchange) -> bool:
    return exchange.failure is Failure.CLIENT_CERTIFICATE_REQUIRED or certificate_wanted(view, exchange)


def storage_denies(view: View, exchange: Exchange) -> bool:
    return exchange.status not in view.target.expected_status and service_firewall(exchange)


def vault_denies(view: View, exchange: Exchange) -> bool:
    return exchange.status not in view.target.expected_status and vault_firewall(exchange)


def app_stopped(scene: Scene) -> Iterator[Match]:
    """The page says it; Azure's word on the app's state confirms it, or does not."""
    for match in answering(stopped, by_host)(scene):
        (view,) = hit(scene, match)
        found = view.scene.azure.site(view.target)
        state = None if found.content is None else found.content.state
        exceeded = found.content is not None and (found.content.usage_state or "").lower() == "exceeded"
        words = {
            **match.words,
            "state": state or "",
            "by_azure": f", and Azure has it as {state}" if state and state.lower() != "running" else "",
            **({"running_state" if state.lower() == "running" else "stopped_state": state} if state else {}),
            **({"exceeded": "Exceeded"} if exceeded else {}),
        }
        yield replace(match, evidence=(*match.evidence, *found.ids), words=words)


def walked_in_public(scene: Scene, match: Match) -> bool:
    return any(not view.is_private(record.address) for view in hit(scene, match) for record in view.of(Connection))


def walked_in_private(scene: Scene, match: Match) -> bool:
    return not walked_in_public(scene, match)


RULES = (
    Rule(
        id="proxy-refuses",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="A proxy or firewall on the way refuses the request",
        recognised_by="407, Azure Firewall's denial, or an error that a proxy signs with its name.",
        find=answering(proxied, by_host),
        summary="A proxy or firewall on the way to {host} answers {status} in its own name (server: {server}): the request does not go straight to {address}.",
        follows=(Role.BACKEND,),
        masks=("anonymous-accepted",),
        fix=(
            "Let requests to {host} pass by the proxy, or allow them there; look for a route or a transparent proxy between here and {address}.",
        ),
        reference="RFC 9110 section 15.5.8; https://learn.microsoft.com/azure/firewall/rule-processing",
    ),
    Rule(
        id="public-path-refused",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The request came by the public path, which is closed",
        recognised_by="403 with the header x-ms-forbidden-ip or the page that goes with it, which only the public front end sends.",
        find=answering(forbidden_ip, by_host),
        summary="A front end of App Service refused {caller} on its public side, although the request for {host} went to {address}.",
        follows=(Role.BACKEND,),
        masks=("anonymous-accepted",),
        rivals=(
            Rival(id="app-stopped", why="a stopped app's page has no x-ms-forbidden-ip", ruled_out=always),
            Rival(id="zone-not-linked", why="{address} is a private address", ruled_out=walked_in_private),
        ),
        fix=(
            "Where {gateway} passed this on, it resolves the backend in public: compare its DNS servers with the VNet's, and apply the network configuration:",
            "az apim apply-network-updates --resource-group {service_group} --name {gateway}",
            "Something between the caller and the app leads to the public front end: a proxy, a NAT rule or a service endpoint at {address}.",
            'az network vnet subnet list --resource-group {net_group} --vnet-name {vnet_name} --query "[].{name:name, serviceEndpoints:serviceEndpoints[].service}"',
        ),
        reference=APP_SERVICE_DOCS,
    ),
    Rule(
        id="app-stopped",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        intrinsic=True,
        title="The app is stopped",
        recognised_by="403 with App Service's page «This web app is stopped».",
        find=app_stopped,
        summary="The front end of {host} says that the app is stopped{by_azure}.",
        supports=(having("stopped_state", "Azure says so as well: its state is {state}"),),
        weakens=(
            having(
                "running_state",
                "Azure says that its state is {state}: it may just have been started, or stopped at its plan's quota",
            ),
        ),
        rivals=(Rival(id="public-path-refused", why="the answer has no x-ms-forbidden-ip", ruled_out=always),),
        fix=(
            "The plan's quota is used up (usageState {exceeded}): wait for the next day, or scale the plan.",
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
        summary="A front end of App Service behind {address} has no app for the host name that it was asked for: {host}, or what a gateway made of it.",
        follows=(Role.BACKEND,),
        rivals=(Rival(id="route-not-found", why="the page is the front end's, not the app's", ruled_out=always),),
        fix=(
            "In the policy of {gateway}, check base-url of set-backend-service, and that no policy sets the Host header.",
            "az functionapp show --resource-group {app_group} --name {app} --query properties.enabledHostNames",
            "az functionapp config hostname add --resource-group {app_group} --name {app} --hostname {host}",
        ),
        reference="https://learn.microsoft.com/azure/app-service/app-service-web-tutorial-custom-domain",
    ),
    Rule(
        id="host-not-running",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        intrinsic=True,
        title="The Functions host does not run",
        recognised_by="503 with the text «Function host is not running.»",
        find=answering(host_down, by_host),
        summary="The Functions host of {host} does not run: the request waited for it in vain.",
        follows=STORES,
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
        intrinsic=True,
        title="A deployment seems to be under way",
        recognised_by="503 with an HTML page that speaks of maintenance or deployment, as app_offline.htm does.",
        find=answering(offline, by_host),
        summary="{host} shows an offline page: a deployment is under way, or left app_offline.htm behind.",
        confidence=Confidence.MEDIUM,
        rivals=(Rival(id="host-not-running", why="the host's own text is missing", ruled_out=always),),
        fix=("Wait for the deployment to end; if the page stays, remove app_offline.htm from wwwroot.",),
        reference="https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies",
    ),
    Rule(
        id="app-does-not-start",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        intrinsic=True,
        title="The app's process does not come up",
        recognised_by="5xx with a page of the ASP.NET Core module (500.3x, 502.5) or of App Service on Linux («Application Error»).",
        find=answering(not_starting, by_host),
        summary="What stands before {host} says that the app's process does not start ({status}).",
        follows=STORES,
        masks=("correlation-lost",),
        fix=(
            "Read the start of the app's log; a missing runtime, a wrong start command and an exception at start look like this:",
            "az webapp log download --resource-group {app_group} --name {app}",
        ),
        reference="https://learn.microsoft.com/aspnet/core/test/troubleshoot-azure-iis",
    ),
    Rule(
        id="front-end-error",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="What stands before the app has no answer from it",
        recognised_by="502, 503 or 504 in which nothing shows the application: no correlation id, no JSON.",
        find=answering(front_error, by_app),
        summary="{subject} is answered {status} by what stands before the app (server: {server}): nothing shows that {host} itself had a say.",
        confidence=Confidence.MEDIUM,
        follows=EVERYTHING,
        masks=("correlation-lost", "correlation-rewritten"),
        rivals=(Rival(id="app-error", why="neither a correlation id nor JSON comes back", ruled_out=always),),
        fix=(
            "Check that the app runs, and what its instances log; after 230 s App Service's front end gives up by itself:",
            'az functionapp show --resource-group {app_group} --name {app} --query "[state,availabilityState]"',
            "If another proxy or gateway stands at {address}, look at the health of its backends.",
        ),
        reference="https://learn.microsoft.com/troubleshoot/azure/app-service/troubleshoot-http-502-http-503",
    ),
    Rule(
        id="client-certificate-required",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        intrinsic=True,
        title="The server wants a client certificate",
        recognised_by="The TLS alert certificate_required, or a page that asks for a client certificate.",
        find=answering(wants_certificate, by_host),
        summary="{host} wants a client certificate, and the probe sends none.",
        masks=("anonymous-accepted", "unexplained"),
        fix=(
            "If callers are known by certificate, exclude the probe's path from it; else let the app do without:",
            'az functionapp show --resource-group {app_group} --name {app} --query "[clientCertEnabled,clientCertMode,clientCertExclusionPaths]"',
        ),
        reference="RFC 8446 section 6.2; https://learn.microsoft.com/azure/app-service/app-service-web-configure-tls-mutual-auth",
    ),
    Rule(
        id="storage-network-denied",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The storage account refuses the network",
        recognised_by="403 with x-ms-error-code AuthorizationFailure: the account's firewall, not its roles.",
        find=answering(storage_denies, by_host),
        summary="{host} refuses the network that the request came from, whoever asks: its firewall decides before any role.",
        rivals=(Rival(id="role-missing", why="a missing role is AuthorizationPermissionMismatch", ruled_out=always),),
        fix=(
            "Check that the request goes to the account's endpoint of this sub-resource, and the account's network rules:",
            'az storage account show --name {account} --query "[publicNetworkAccess,networkRuleSet]"',
        ),
        reference="https://learn.microsoft.com/azure/storage/common/storage-network-security",
    ),
    Rule(
        id="key-vault-network-denied",
        stage=Stage.REQUEST,
        severity=Severity.ERROR,
        title="The key vault refuses the network",
        recognised_by="403 with ForbiddenByFirewall or ForbiddenByConnection.",
        find=answering(vault_denies, by_host),
        summary="{host} refuses the network that the request came from, whoever asks: its firewall decides before any role.",
        rivals=(Rival(id="role-missing", why="a missing role is ForbiddenByRbac", ruled_out=always),),
        fix=(
            "Check that the request goes to the vault's Private Endpoint, and the vault's network rules:",
            'az keyvault show --name {vault} --query "properties.[publicNetworkAccess,networkAcls]"',
        ),
        reference="https://learn.microsoft.com/azure/key-vault/general/network-security",
    ),
)
