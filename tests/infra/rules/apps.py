"""The two apps: how they are reached, who they are, and the settings that they start with."""

import json
import re
from collections.abc import Iterator
from typing import Any

from croniter import croniter

from orders_api import settings as orders_settings
from orders_api import store_settings
from probes.app import settings as probe_settings
from probes.path import PathError, loads
from probes.path.definition import Path, Role
from probes.path.load import RESOURCES
from tests.infra.bicep import Plan, Resource
from tests.infra.rules.network import SITE
from tests.infra.rules.rule import Rule, each, last, settings

PLAN = "Microsoft.Web/serverfarms"
CREDENTIALS_POLICY = f"{SITE}/basicPublishingCredentialsPolicies"
SKU = {"flex-consumption": ("FC1", "FlexConsumption"), "elastic-premium": ("EP1", "ElasticPremium")}
OLD = frozenset({
    "APPINSIGHTS_INSTRUMENTATIONKEY", "AzureWebJobsDashboard", "AzureWebJobsStorage", "ENABLE_ORYX_BUILD",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTOVERVNET", "WEBSITE_CONTENTSHARE", "WEBSITE_DNS_SERVER", "WEBSITE_VNET_ROUTE_ALL",
})  # fmt: skip
"""Settings of older platforms: each does harm here, or hides what decides."""
REFUSED_BY_FLEX = frozenset({"FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_RUNTIME", "WEBSITE_RUN_FROM_PACKAGE"})
HEALTH = "/api/health"


def orders(plan: Plan) -> Resource:
    """The orders app."""
    return plan.one(SITE, "func-orders-")


def probes(plan: Plan) -> list[Resource]:
    """The apps that run the probe's package: one, or two where the timer is apart."""
    return [site for site in plan.of(SITE) if site["name"].startswith("func-probe-")]


def public_access(plan: Plan) -> Iterator[str]:
    """At the top of the site: in siteConfig alone the service refuses it."""
    for site in plan.of(SITE):
        found = site["properties"].get("publicNetworkAccess")
        if found != plan.parameters["publicNetworkAccess"]:
            yield f"{site['name']}: {found}"


def transport(site: Resource) -> bool:
    """HTTPS alone, TLS from 1.2 on, no FTP, no remote debugging."""
    config = site["properties"]["siteConfig"]
    return bool(
        site["properties"]["httpsOnly"]
        and config["minTlsVersion"] in {"1.2", "1.3"}
        and config["scmMinTlsVersion"] in {"1.2", "1.3"}
        and config["ftpsState"] == "Disabled"
        and config["remoteDebuggingEnabled"] is False
    )


def basic_publishing(plan: Plan) -> Iterator[str]:
    """A user name and password for the deployment site outlive everybody who knew them."""
    denied = {policy["id"] for policy in plan.of(CREDENTIALS_POLICY) if policy["properties"]["allow"] is False}
    for site in plan.of(SITE):
        for name in ("scm", "ftp"):
            if f"{site['id']}/basicPublishingCredentialsPolicies/{name}" not in denied:
                yield f"{site['name']} {name}"


def identity(plan: Plan) -> Iterator[str]:
    """One of its own, made before the app so that its roles are there when the app starts."""
    taken: dict[str, str] = {}
    for site in plan.of(SITE):
        names = [last(each_id) for each_id in site.get("identity", {}).get("userAssignedIdentities", {})]
        package = "probe" if site in probes(plan) else site["name"]
        if site.get("identity", {}).get("type") != "UserAssigned" or len(names) != 1:
            yield site["name"]
        elif taken.setdefault(names[0], package) != package:
            yield f"{site['name']} shares {names[0]}"


def host_storage(plan: Plan) -> Iterator[str]:
    """By service address and identity; a connection string would need the account's key."""
    for site in plan.of(SITE):
        found = settings(site)
        wanted = {f"AzureWebJobsStorage__{kind}ServiceUri" for kind in ("blob", "queue", "table")}
        wanted |= {"AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId"}
        yield from (f"{site['name']} {name}" for name in sorted(wanted - found.keys()))
        if found.get("AzureWebJobsStorage__credential") != "managedidentity":
            yield f"{site['name']} credential"
        yield from (
            f"{site['name']} {name}"
            for name, value in found.items()
            if "AccountKey=" in value or "SharedAccess" in value
        )


def package(plan: Plan) -> Iterator[str]:
    """The package is fetched by identity, from a container that is there."""
    containers = {
        (c["id"].split("/")[8], last(c["id"]))
        for c in plan.of("Microsoft.Storage/storageAccounts/blobServices/containers")
    }
    for site in plan.of(SITE):
        if plan.parameters["hosting"] == "flex-consumption":
            storage = site["properties"]["functionAppConfig"]["deployment"]["storage"]
            url, kind = storage["value"], storage["authentication"]["type"]
        else:
            url = settings(site)["WEBSITE_RUN_FROM_PACKAGE"].rpartition("/")[0]
            kind = (
                "UserAssignedIdentity" if settings(site).get("WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID") else "none"
            )
        found = re.fullmatch(r"https://([a-z0-9]+)\.blob\.core\.windows\.net/([a-z0-9-]+)", url)
        if found is None or found.groups() not in containers or kind != "UserAssignedIdentity":
            yield f"{site['name']}: {url} by {kind}"


def telemetry(plan: Plan) -> Iterator[str]:
    """By Entra identity; a semicolon at the end would be read as no credential at all, and nothing would say so."""
    for site in plan.of(SITE):
        found = settings(site)
        if not re.fullmatch(
            r"Authorization=AAD;ClientId=[0-9a-f-]{36}", found.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "")
        ):
            yield f"{site['name']}: {found.get('APPLICATIONINSIGHTS_AUTHENTICATION_STRING')}"
        if not found.get("APPLICATIONINSIGHTS_CONNECTION_STRING") or found.get("PYTHON_ENABLE_OPENTELEMETRY") != "true":
            yield site["name"]


def old_settings(plan: Plan) -> Iterator[str]:
    """Nothing of older platforms."""
    refused = REFUSED_BY_FLEX if plan.parameters["hosting"] == "flex-consumption" else frozenset()
    for site in plan.of(SITE):
        yield from (f"{site['name']} {name}" for name in settings(site) if name in OLD | refused)


def twice(plan: Plan) -> Iterator[str]:
    """A setting that stands twice has whichever value the service took last."""
    for site in plan.of(SITE):
        names = [setting["name"].lower() for setting in site["properties"]["siteConfig"]["appSettings"]]
        yield from (f"{site['name']} {name}" for name in set(names) if names.count(name) > 1)


def plans(plan: Plan) -> Iterator[str]:
    """A plan for each app, Linux, of the SKU that was asked for: the compiler takes any text for it."""
    wanted = SKU[plan.parameters["hosting"]]
    for each_plan in plan.of(PLAN):
        if (each_plan["sku"]["name"], each_plan["sku"]["tier"]) != wanted or each_plan["properties"][
            "reserved"
        ] is not True:
            yield f"{each_plan['name']}: {each_plan['sku']}"
    used = [site["properties"]["serverFarmId"] for site in plan.of(SITE)]
    if len(set(used)) != len(used):
        yield "shared"


def runtime(plan: Plan) -> Iterator[str]:
    """The Python that the bytecode of the packages was made for."""
    for site in plan.of(SITE):
        config = site["properties"].get("functionAppConfig") or {}
        found = config.get("runtime") or site["properties"]["siteConfig"]["linuxFxVersion"]
        if found not in ({"name": "python", "version": "3.13"}, "PYTHON|3.13"):
            yield f"{site['name']}: {found}"


def orders_configured(plan: Plan) -> Iterator[str]:
    """The app's own reader takes its settings, and lets in the gateway and the probe."""
    found = settings(orders(plan)) | {"WEBSITE_INSTANCE_ID": "x"}
    read = orders_settings.read(found)
    if isinstance(read, orders_settings.Unusable):
        yield from map(str, read.faults)
    elif read.tokens is None or len(read.tokens.allowed_clients) < 2:
        yield "tokens"
    store = store_settings.read(found)
    if not isinstance(store, store_settings.StoreSettings):
        yield str(store)
    elif not any(
        last(table["id"]) == store.table for table in plan.of("Microsoft.Storage/storageAccounts/tableServices/tables")
    ):
        yield f"no table {store.table}"


def certificates(plan: Plan) -> Iterator[str]:
    """Where the app takes certificates App Service asks for them; otherwise anybody may send the header."""
    properties = orders(plan)["properties"]
    taken = "ORDERS_CLIENT_CERTIFICATES" in settings(orders(plan))
    asked = properties.get("clientCertEnabled") and properties.get("clientCertMode") == "Required"
    if taken != bool(asked) or (taken and properties.get("clientCertExclusionPaths") != HEALTH):
        yield f"taken: {taken}, asked for: {asked}"


def path(plan: Plan) -> Path:
    """The path that the probe is to walk."""
    return loads(settings(probes(plan)[0])["PROBE_PATH"], source="PROBE_PATH")


def probe_configured(plan: Plan) -> Iterator[str]:
    """The app's own reader takes its settings."""
    for site in probes(plan):
        read = probe_settings.read(settings(site))
        if isinstance(read, probe_settings.Unusable):
            yield from map(str, read.faults)


def path_incomplete(plan: Plan) -> Iterator[str]:
    """The path has the gateway, the backend that must refuse strangers, its scm site, storage, vault, ingestion."""
    try:
        found = path(plan)
    except PathError as error:
        yield str(error)
        return
    yield from sorted(set(Role) - {target.role for target in found.targets})
    backend = next(target for target in found.targets if target.role is Role.BACKEND)
    if (
        not backend.must_refuse
        or backend.audience is None
        or backend.host != f"{orders(plan)['name']}.azurewebsites.net"
    ):
        yield f"backend: {backend.url}"
    if backend.audience not in settings(orders(plan))["ORDERS_AUDIENCES"].split(","):
        yield f"audience: {backend.audience}"


def path_elsewhere(plan: Plan) -> Iterator[str]:
    """What the path calls private lies in subnets from here; it names every kind of resource, each from here."""
    table: Any = json.loads(settings(probes(plan)[0])["PROBE_PATH"])
    prefixes = {
        s["properties"]["addressPrefix"] for s in plan.one("Microsoft.Network/virtualNetworks")["properties"]["subnets"]
    }
    for target in table["targets"]:
        if target["role"] != "ingestion" and not prefixes.issuperset(target.get("private_subnets", ["none"])):
            yield target["name"]
    yield from sorted(set(RESOURCES) - table["resources"].keys())
    yield from (f"{kind}: {each_id}" for kind, each_id in table["resources"].items() if plan.by_id(each_id) is None)


def closed_untold(plan: Plan) -> Iterator[str]:
    """The probe takes an open door for a fault once everything is deployed closed, and only then."""
    for site in probes(plan):
        closed = loads(settings(site)["PROBE_PATH"], source="PROBE_PATH").closed
        if bool(closed) is not (plan.parameters["publicNetworkAccess"] == "Disabled"):
            yield f"{site['name']}: {closed}"


def schedule(plan: Plan) -> Iterator[str]:
    """The host says nothing of a schedule that it cannot read, and runs the app without its timer."""
    for site in probes(plan):
        text = settings(site).get("PROBE_SCHEDULE", "")
        if len(text.split()) != 6 or not croniter.is_valid(text, second_at_beginning=True):
            yield f"{site['name']}: {text}"


def deadline(plan: Plan) -> Iterator[str]:
    """The diagnosis ends before the gateway gives up: policies/diagnostics.xml."""
    (policy,) = (p for p in plan.of("Microsoft.ApiManagement/service/apis/policies") if "/apis/diagnostics/" in p["id"])
    limits = re.findall(r'<forward-request timeout="(\d+)"', policy["properties"]["value"])
    for site in probes(plan):
        if not float(settings(site)["PROBE_DIAGNOSE_DEADLINE_S"]) < float(limits[0]):
            yield f"{site['name']}: {limits}"


def timer_not_apart(plan: Plan) -> Iterator[str]:
    """Losing its storage takes a host with a timer down, and the diagnosis with it; Flex keeps them apart."""
    timers = [
        site["name"] for site in probes(plan) if settings(site).get("AzureWebJobs.probe_sweep.Disabled") != "true"
    ]
    callable_ = [
        site["name"] for site in probes(plan) if settings(site).get("AzureWebJobs.diagnose.Disabled") != "true"
    ]
    if len(timers) != 1 or len(callable_) != 1:
        yield f"timers {timers}, callable {callable_}"
    elif plan.parameters["hosting"] == "elastic-premium" and timers == callable_:
        yield f"{timers} is both"


def tags(plan: Plan) -> Iterator[str]:
    """Azd finds an app by its service's name."""
    found = sorted(site.get("tags", {}).get("azd-service-name", "") for site in plan.of(SITE))
    if not {"orders", "probe"}.issubset(found) or len(set(found)) != len(found):
        yield str(found)


RULES_OF_APPS = (
    Rule(id="app-public-access", what="publicNetworkAccess of the apps is the parameter's", broken=public_access),
    Rule(id="app-transport", what="HTTPS alone, TLS 1.2, no FTP, no debugging", broken=each(SITE, transport)),
    Rule(id="app-basic-publishing", what="no basic authentication on deployment site and FTP", broken=basic_publishing),
    Rule(id="app-identity", what="each app has an identity of its own", broken=identity),
    Rule(id="app-storage", what="the host's storage is reached by identity", broken=host_storage),
    Rule(id="app-package", what="the package is fetched by identity from a container that is there", broken=package),
    Rule(id="app-telemetry", what="telemetry goes out by Entra identity, and has one owner", broken=telemetry),
    Rule(id="app-old-settings", what="no settings of older platforms", broken=old_settings),
    Rule(id="app-settings-once", what="no setting stands twice", broken=twice),
    Rule(id="app-plan", what="each app has a plan of the right SKU", broken=plans),
    Rule(id="app-python", what="the apps run the Python of their bytecode", broken=runtime),
    Rule(
        id="orders-configured",
        what="the orders app takes its settings, and its table is there",
        broken=orders_configured,
    ),
    Rule(id="orders-certificates", what="certificates are asked for where they are accepted", broken=certificates),
    Rule(id="probe-configured", what="the probe app takes its settings", broken=probe_configured),
    Rule(
        id="path-complete",
        what="the path names everything that must be private, and who must be refused",
        broken=path_incomplete,
    ),
    Rule(id="path-here", what="the path's subnets and resources are of this deployment", broken=path_elsewhere),
    Rule(id="path-closed", what="the path says that it is closed where it is", broken=closed_untold),
    Rule(id="probe-schedule", what="the schedule is one", broken=schedule),
    Rule(id="probe-deadline", what="a diagnosis ends before the gateway gives up", broken=deadline),
    Rule(id="timer-apart", what="the timer cannot take the diagnosis down", broken=timer_not_apart),
    Rule(id="app-tags", what="azd finds both apps", broken=tags),
)
