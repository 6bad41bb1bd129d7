"""Monitoring, alerts and workbook, and what the deployment tells of itself."""

import json
import re
from collections.abc import Iterator
from uuid import UUID

from tests.infra.bicep import Plan
from tests.infra.rules.rule import Rule, each, last

ALERT = "Microsoft.Insights/scheduledQueryRules"
LONGEST_SHORT_NAME = 12
SECRET = re.compile(
    r"listKeys|ConnectionString|InstrumentationKey|sharedKey|primaryKey|AccountKey|password|listSecrets", re.IGNORECASE
)
DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
GLOBAL = {
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    "Microsoft.Insights/actionGroups",
}


def minutes(text: str) -> int:
    """An ISO 8601 duration."""
    days, hours, rest = (int(part or 0) for part in (DURATION.fullmatch(text) or ["", 0, 0, 0]).groups())  # type: ignore[union-attr]
    return days * 1440 + hours * 60 + rest


def component_open(plan: Plan) -> Iterator[str]:
    """With local authentication the connection string, which every app has, is enough to write anything."""
    properties = plan.one("Microsoft.Insights/components")["properties"]
    workspace = plan.by_id(properties.get("WorkspaceResourceId", ""))
    if properties.get("DisableLocalAuth") is not True or workspace is None:
        yield f"{properties.get('DisableLocalAuth')} {properties.get('WorkspaceResourceId')}"


def workspace_open(plan: Plan) -> Iterator[str]:
    """The same for the workspace's keys."""
    if (
        plan.one("Microsoft.OperationalInsights/workspaces")["properties"]["features"].get("disableLocalAuth")
        is not True
    ):
        yield "local authentication"


def short_name(plan: Plan) -> Iterator[str]:
    """The service's limit, which no type knows."""
    name = plan.one("Microsoft.Insights/actionGroups")["properties"]["groupShortName"]
    if not 1 <= len(name) <= LONGEST_SHORT_NAME:
        yield name


def alerts_incomplete(plan: Plan) -> Iterator[str]:
    """Somebody is told, and knows what to read."""
    if not plan.of(ALERT):
        yield "no alerts"
    for alert in plan.of(ALERT):
        properties = alert["properties"]
        groups = [plan.by_id(group) for group in properties["actions"]["actionGroups"]]
        if not groups or None in groups:
            yield f"{alert['name']}: nobody is told"
        if not re.search(r"Runbook: https://\S+\.md$", properties["description"]):
            yield f"{alert['name']}: {properties['description']}"
        if not 0 <= properties["severity"] <= 4:
            yield f"{alert['name']}: severity {properties['severity']}"


def alerts_refused(plan: Plan) -> Iterator[str]:
    """What the service refuses at the first deployment, and the compiler lets pass."""
    for alert in plan.of(ALERT):
        properties = alert["properties"]
        if properties.get("skipQueryValidation") is not True:
            yield f"{alert['name']}: the tables are not there yet"
        if properties.get("muteActionsDuration") and properties.get("autoMitigate"):
            yield f"{alert['name']}: mute and mitigate"
        for criterion in properties["criteria"]["allOf"]:
            periods = criterion["failingPeriods"]
            if not 1 <= periods["minFailingPeriodsToAlert"] <= periods["numberOfEvaluationPeriods"] <= 6:
                yield f"{alert['name']}: {periods}"
            if not isinstance(criterion["threshold"], int) or not criterion["query"].strip():
                yield f"{alert['name']}: threshold or query"


def alerts_blind(plan: Plan) -> Iterator[str]:
    """A window shorter than the frequency leaves time that nobody looks at."""
    for alert in plan.of(ALERT):
        if minutes(alert["properties"]["windowSize"]) < minutes(alert["properties"]["evaluationFrequency"]):
            yield alert["name"]


def workbook(plan: Plan) -> Iterator[str]:
    """Its name is a GUID, and its content JSON."""
    resource = plan.one("Microsoft.Insights/workbooks")
    UUID(resource["name"])
    if (
        not json.loads(resource["properties"]["serializedData"])["items"]
        or plan.by_id(resource["properties"]["sourceId"]) is None
    ):
        yield resource["name"]


def outputs(plan: Plan) -> Iterator[str]:
    """Outputs stay in the history of deployments, readable for everybody who may read the group."""
    yield from (
        name
        for name, value in plan.outputs.items()
        if SECRET.search(re.sub(r"IngestionEndpoint=", "", without_split(str(value))))
    )


def without_split(text: str) -> str:
    """The text without the one expression that takes the ingestion address, no secret, out of a connection string."""
    return re.sub(
        r"split\(split\(reference\([^)]*\)\.ConnectionString, 'IngestionEndpoint='\)\[1\], ';'\)\[0\]", "", text
    )


def elsewhere(plan: Plan) -> Iterator[str]:
    """Everything that has a region is in the one that was asked for."""
    for resource in plan.resources:
        if (
            resource["type"] not in GLOBAL
            and resource.get("location", plan.parameters["location"]) != plan.parameters["location"]
        ):
            yield f"{resource['type']} {resource['name']}: {resource['location']}"


def names_too_long(plan: Plan) -> Iterator[str]:
    """Limits of the services, which no type knows."""
    limits = {
        "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
        "Microsoft.KeyVault/vaults": r"(?=.{3,24}\Z)[a-zA-Z](?:[a-zA-Z0-9]|-(?!-))*[a-zA-Z0-9]",
        "Microsoft.Web/sites": r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?",
        "Microsoft.ApiManagement/service": r"[a-zA-Z](?:[a-zA-Z0-9-]{0,48}[a-zA-Z0-9])?",
    }
    for kind, pattern in limits.items():
        yield from (resource["name"] for resource in plan.of(kind) if not re.fullmatch(pattern, resource["name"]))


def groups_untagged(plan: Plan) -> Iterator[str]:
    """Azd down finds both groups by their tag."""
    for group in plan.of("Microsoft.Resources/resourceGroups"):
        if last(group["id"]) and "azd-env-name" not in group.get("tags", {}):
            yield group["name"]


RULES_OF_WATCHING = (
    Rule(id="component-closed", what="Application Insights takes nothing without an identity", broken=component_open),
    Rule(id="workspace-closed", what="the workspace has no keys", broken=workspace_open),
    Rule(id="action-group", what="the action group's short name is short", broken=short_name),
    Rule(id="alerts-complete", what="every alert tells somebody, and names its runbook", broken=alerts_incomplete),
    Rule(id="alerts-accepted", what="the first deployment takes the alerts", broken=alerts_refused),
    Rule(id="alerts-see-all", what="no time lies between two looks", broken=alerts_blind),
    Rule(id="workbook", what="the workbook has a GUID and content", broken=workbook),
    Rule(id="outputs", what="no output holds a secret", broken=outputs),
    Rule(id="one-region", what="everything is in the region asked for", broken=elsewhere),
    Rule(id="names", what="names fit the services' limits", broken=names_too_long),
    Rule(id="groups-tagged", what="azd finds the resource groups", broken=groups_untagged),
    Rule(
        id="app-integrated",
        what="the apps are in the network",
        broken=each("Microsoft.Web/sites", lambda site: bool(site["properties"].get("virtualNetworkSubnetId"))),
    ),
)
