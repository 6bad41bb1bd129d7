"""API Management: its place, its names, what it writes down, and how it calls."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from tests.infra.bicep import Plan
from tests.infra.rules.names import ENTERPRISE_ZONE
from tests.infra.rules.network import SERVICE
from tests.infra.rules.rule import Rule, each, known, last

PROTOCOLS = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security"
OFF = tuple(f"{PROTOCOLS}.{side}Protocols.{version}" for side in ("", "Backend.") for version in ("Tls10", "Tls11"))
VALUE = f"{SERVICE}/namedValues"
DIAGNOSTIC = f"{SERVICE}/diagnostics"
API = f"{SERVICE}/apis"
POLICIES = (f"{SERVICE}/policies", f"{SERVICE}/policyFragments", f"{API}/policies")
CORRELATION = "x-correlation-id"
CURRENT = re.compile(r"https://[a-z0-9-]+\.vault\.azure\.net/secrets/[A-Za-z0-9-]+")
"""A secret without a version: the newest one."""
SECRET = re.compile(r"key|secret|password|token", re.IGNORECASE)


def service(plan: Plan) -> Any:
    """Properties of the service."""
    return plan.one(SERVICE)["properties"]


def not_internal(plan: Plan) -> Iterator[str]:
    """The compiler takes any text for the network type."""
    if service(plan).get("virtualNetworkType") != "Internal":
        yield str(service(plan).get("virtualNetworkType"))


def public_access_set(plan: Plan) -> Iterator[str]:
    """Disabled is refused in internal mode: it means private endpoints."""
    if "publicNetworkAccess" in service(plan):
        yield service(plan)["publicNetworkAccess"]


def tier(plan: Plan) -> Iterator[str]:
    """Only the classic tiers can be injected into a network that is there already."""
    sku = plan.one(SERVICE)["sku"]["name"]
    if sku not in {"Developer", "Premium"}:
        yield sku


def old_protocols(plan: Plan) -> Iterator[str]:
    """The switches are strings, and a misspelt one is ignored."""
    found = service(plan).get("customProperties", {})
    yield from (name for name in OFF if found.get(name) != "False")


def identity(plan: Plan) -> Iterator[str]:
    """A vault with a firewall lets in no other identity of API Management."""
    kind = plan.one(SERVICE).get("identity", {}).get("type")
    if kind != "SystemAssigned":
        yield str(kind)


def host_names(plan: Plan) -> Iterator[str]:
    """Each with its certificate from the vault, whichever is current; clients without SNI get the gateway's."""
    wanted = {"Proxy": "api", "DeveloperPortal": "portal", "Management": "management"}
    found = {each["type"]: each for each in service(plan)["hostnameConfigurations"]}
    for kind, label in wanted.items():
        host = found.get(kind)
        if host is None or host["hostName"] != f"{label}.{ENTERPRISE_ZONE}":
            yield kind
        elif not CURRENT.fullmatch(known(host["keyVaultId"])):
            yield known(host["keyVaultId"])
    if found.get("Proxy", {}).get("defaultSslBinding") is not True:
        yield "no default binding"


def log_unusable(plan: Plan) -> Iterator[str]:
    """AzureDiagnostics, the default, is where no query of this project looks."""
    setting = plan.one("Microsoft.Insights/diagnosticSettings")["properties"]
    if setting.get("logAnalyticsDestinationType") != "Dedicated":
        yield str(setting.get("logAnalyticsDestinationType"))
    if {"category": "GatewayLogs", "enabled": True} not in setting["logs"]:
        yield str(setting["logs"])


def logger_by_key(plan: Plan) -> Iterator[str]:
    """A component without local authentication takes nothing from who only has the connection string."""
    credentials = plan.one(f"{SERVICE}/loggers", "applicationinsights")["properties"]["credentials"]
    if credentials.get("identityClientId") != "SystemAssigned" or "instrumentationKey" in credentials:
        yield str(sorted(credentials))


def correlation_protocol(plan: Plan) -> Iterator[str]:
    """The default of the portal, Legacy, sends headers that OpenTelemetry does not read."""
    found = plan.one(DIAGNOSTIC, "applicationinsights")["properties"].get("httpCorrelationProtocol")
    if found != "W3C":
        yield str(found)


def errors_sampled(plan: Plan) -> Iterator[str]:
    """A failed call is in both records, whatever the sampling."""
    for diagnostic in plan.of(DIAGNOSTIC):
        if diagnostic["properties"].get("alwaysLog") != "allErrors":
            yield diagnostic["name"]


def correlation_unlogged(plan: Plan) -> Iterator[str]:
    """Both diagnostics write the id in every header table that they have."""
    names = {last(diagnostic["id"]) for diagnostic in plan.of(DIAGNOSTIC)}
    yield from {"applicationinsights", "azuremonitor"} - names
    for diagnostic in plan.of(DIAGNOSTIC):
        for side in ("frontend", "backend"):
            for message in ("request", "response"):
                if CORRELATION not in diagnostic["properties"][side][message].get("headers", []):
                    yield f"{last(diagnostic['id'])} {side} {message}"


def values(plan: Plan) -> dict[str, Any]:
    """Named values by the name that policies use."""
    return {value["properties"]["displayName"]: value["properties"] for value in plan.of(VALUE)}


def backend_by_address(plan: Plan) -> Iterator[str]:
    """The certificate is checked against the name; a name that is built from the app's has no hash in it."""
    for name in ("backend-host", "probe-host"):
        host = values(plan).get(name, {}).get("value", "")
        if not host.endswith(".defaultHostName]") or is_address(host):
            yield f"{name}: {host}"


def secret_in_the_open(plan: Plan) -> Iterator[str]:
    """What is secret comes from the vault, in whatever version is current."""
    for name, value in values(plan).items():
        if SECRET.search(name):
            identifier = known(value.get("keyVault", {}).get("secretIdentifier", ""))
            if value.get("secret") is not True or "value" in value or not CURRENT.fullmatch(identifier):
                yield name


def policy_format(plan: Plan) -> Iterator[str]:
    """As `xml`, quotes and angle brackets of expressions would have to be escaped."""
    for kind in POLICIES:
        for policy in plan.of(kind):
            if policy["properties"].get("format") != "rawxml":
                yield policy["id"]


def unknown_names(plan: Plan) -> Iterator[str]:
    """Every named value and fragment that a policy names is deployed; a policy that names another is refused."""
    fragments = {last(fragment["id"]) for fragment in plan.of(POLICIES[1])}
    for policy in (policy for kind in POLICIES for policy in plan.of(kind)):
        text = re.sub(r"<!--.*?-->", "", policy["properties"]["value"], flags=re.DOTALL)
        yield from sorted(set(re.findall(r"\{\{([\w.-]+)\}\}", text)) - values(plan).keys())
        yield from sorted(set(re.findall(r'fragment-id="([^"]+)"', text)) - fragments)
        yield from re.findall(r'backend-id="([^"]+)"', text)


def apis_unprotected(plan: Plan) -> Iterator[str]:
    """The diagnostics API needs a key; the orders API as the parameter says."""
    wanted = {"diagnostics": True, "orders": plan.parameters.get("callersNeedSubscription", False)}
    found = {last(api["id"]): api["properties"].get("subscriptionRequired") for api in plan.of(API)}
    yield from (f"{name}: {found.get(name)}" for name, needs in wanted.items() if found.get(name) is not needs)


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


RULES_OF_GATEWAY = (
    Rule(id="gateway-internal", what="API Management is in internal mode", broken=not_internal),
    Rule(
        id="gateway-access-unset", what="publicNetworkAccess of API Management is left alone", broken=public_access_set
    ),
    Rule(id="gateway-tier", what="API Management is of a classic tier", broken=tier),
    Rule(id="gateway-protocols", what="TLS before 1.2 is off on both sides", broken=old_protocols),
    Rule(id="gateway-identity", what="API Management has its own identity", broken=identity),
    Rule(id="gateway-names", what="api, portal and management are its names", broken=host_names),
    Rule(id="gateway-log", what="the gateway log goes to its own table", broken=log_unusable),
    Rule(id="gateway-logger", what="the gateway writes telemetry by its identity", broken=logger_by_key),
    Rule(id="gateway-w3c", what="the gateway hands on the W3C trace context", broken=correlation_protocol),
    Rule(id="gateway-errors", what="errors are always logged", broken=errors_sampled),
    Rule(
        id="gateway-correlation",
        what="x-correlation-id is logged on all four sides, twice",
        broken=correlation_unlogged,
    ),
    Rule(id="backend-by-name", what="backends are the apps' default host names", broken=backend_by_address),
    Rule(id="values-from-vault", what="secret named values come from the vault", broken=secret_in_the_open),
    Rule(id="policies-raw", what="policies are deployed as rawxml", broken=policy_format),
    Rule(id="policies-complete", what="what policies name is deployed", broken=unknown_names),
    Rule(id="apis-protected", what="the diagnostics API needs a key", broken=apis_unprotected),
    Rule(
        id="apis-https",
        what="APIs are served over HTTPS only",
        broken=each(API, lambda api: api["properties"]["protocols"] == ["https"]),
    ),
)
