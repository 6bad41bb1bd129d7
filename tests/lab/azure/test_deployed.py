"""The lab's network and the probe's rights in it are those that infra/ deploys."""

import json
import re
from pathlib import Path
from typing import Any

from lab.azure.knowledge import (
    ENDPOINT_RULES,
    ENDPOINT_SUBNET,
    GATEWAY_RULES,
    INTEGRATION_RULES,
    NETWORK,
    READER,
    RULES,
    Rule,
)
from lab.azure.versions import versions

INFRA = Path(__file__).parents[3] / "infra"
SNAPSHOT = json.loads((INFRA / "main.snapshot.json").read_text(encoding="utf-8"))


def deployed(kind: str, name: str) -> Any:
    """The properties of a resource of the snapshot."""
    return next(each for each in SNAPSHOT["predictedResources"] if each["type"] == kind and each["name"] == name)[
        "properties"
    ]


def told(rule: Any) -> Rule:
    """A rule of the snapshot as the lab writes it."""
    found = rule["properties"]

    def values(key: str, plural: str) -> tuple[str, ...]:
        return tuple(found.get(plural) or [found[key]])

    return Rule(
        name=rule["name"],
        priority=found["priority"],
        direction=found["direction"],
        access=found["access"],
        protocol=found["protocol"],
        sources=values("sourceAddressPrefix", "sourceAddressPrefixes"),
        destinations=values("destinationAddressPrefix", "destinationAddressPrefixes"),
        ports=values("destinationPortRange", "destinationPortRanges"),
    )


def test_the_rules_are_the_deployed_ones() -> None:
    """Of all three security groups, in their order."""
    for group in (GATEWAY_RULES, ENDPOINT_RULES, INTEGRATION_RULES):
        found = deployed("Microsoft.Network/networkSecurityGroups", group)["securityRules"]
        assert tuple(map(told, found)) == RULES[group]


def test_the_subnets_are_the_deployed_ones() -> None:
    """Names, prefixes and security groups; rules count for endpoints."""
    found = deployed("Microsoft.Network/virtualNetworks", NETWORK.name)
    subnets = {each["name"]: each["properties"] for each in found["subnets"]}
    assert {subnet.name: subnet.prefixes for subnet in NETWORK.subnets} == {
        name: (each["addressPrefix"],) for name, each in subnets.items()
    }
    for subnet in NETWORK.subnets:
        group = subnets[subnet.name].get("networkSecurityGroup", {}).get("id", "")
        assert (group.rpartition("/")[2] or None) == subnet.security_group
    policies = {subnet.name: subnet.endpoint_policies for subnet in NETWORK.subnets}
    assert policies[ENDPOINT_SUBNET] == subnets[ENDPOINT_SUBNET]["privateEndpointNetworkPolicies"]


def test_the_probes_rights_are_its_role() -> None:
    """Action by action, and what is taken away again."""
    text = (INFRA / "modules" / "custom-roles.bicep").read_text(encoding="utf-8")
    role = text.partition("resource probeReader")[2].partition("resource ")[0]
    actions, not_actions = (
        tuple(re.findall(r"'([^']+)'", re.sub(r"//.*", "", part)))
        for part in re.findall(r"(?:actions|notActions): \[(.*?)\]", role, re.DOTALL)[:2]
    )
    assert sorted(READER.actions) == sorted(actions)
    assert sorted(READER.not_actions) == sorted(not_actions)


def test_the_versions_that_infra_deploys_with_exist() -> None:
    """Of every provider that the lab knows."""
    found = {
        (kind, version)
        for file in INFRA.rglob("*.bicep")
        for kind, version in re.findall(r"'(Microsoft\.[\w./]+)@([\d-]+)'", file.read_text(encoding="utf-8"))
        if versions(kind)
    }
    assert {kind.partition("/")[0] for kind, _ in found} >= {"Microsoft.Web", "Microsoft.Network", "Microsoft.Storage"}
    assert [(kind, version) for kind, version in found if version not in versions(kind)] == []
