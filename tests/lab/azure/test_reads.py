"""Every read of facts/azure.md section 8, in the shape of the real one."""

from typing import Any

import pytest

from lab.log_analytics.api import WORKSPACE_ID
from lab.scenarios.article import APP, ENDPOINT_ADDRESS, NETWORK_RESOURCES, SCM
from lab.scenarios.azure.world import STORAGE_ADDRESS
from tests.lab.azure.stage import Azure, code

pytestmark = pytest.mark.asyncio(loop_scope="package")


def properties(document: Any) -> Any:
    """What a resource says of itself."""
    return document["properties"]


async def test_a_site_says_its_names_state_and_access(azure: Azure) -> None:
    """With the deployment site among the enabled host names only, and its integration's subnet."""
    found = await azure.read(azure.id("site"))
    assert (found["id"], found["name"], found["type"]) == (azure.id("site"), "func-orders-prod", "Microsoft.Web/sites")
    assert properties(found)["defaultHostName"] == APP
    assert properties(found)["hostNames"] == [APP]
    assert properties(found)["enabledHostNames"] == [APP, SCM]
    assert (properties(found)["state"], properties(found)["publicNetworkAccess"]) == ("Running", "Disabled")
    assert properties(found)["virtualNetworkSubnetId"].endswith("/subnets/snet-function-integration")
    assert properties(found)["siteConfig"] is None


@pytest.mark.parametrize("spelled", [str.upper, str.lower, lambda id_: f"{id_}/"])
async def test_ids_are_not_case_sensitive(azure: Azure, spelled: Any) -> None:
    """And the answer has the id in Azure's spelling."""
    found = await azure.read(spelled(azure.id("site")))
    assert found["id"] == azure.id("site")


async def test_what_stands_below_a_site(azure: Azure) -> None:
    """Configuration, authentication, endpoint connections, functions, integration."""
    site = azure.id("site")
    config = properties(await azure.read(f"{site}/config/web"))
    assert (config["publicNetworkAccess"], config["ipSecurityRestrictionsDefaultAction"]) == ("Disabled", "Allow")
    login = properties(await azure.read(f"{site}/config/authsettingsV2"))
    assert (login["platform"]["enabled"], login["globalValidation"]["requireAuthentication"]) == (False, False)
    (connection,) = (await azure.read(f"{site}/privateEndpointConnections"))["value"]
    state = properties(connection)["privateLinkServiceConnectionState"]
    assert (state["status"], properties(connection)["ipAddresses"]) == ("Approved", [ENDPOINT_ADDRESS])
    assert properties(connection)["privateEndpoint"]["id"] == azure.id("private_endpoint")
    assert (await azure.read(f"{site}/functions"))["value"] == []  # the stand-in of the orders app has none
    probe = azure.id("probe_site")
    names = [function["name"] for function in (await azure.read(f"{probe}/functions"))["value"]]
    assert names == ["diagnose", "findings", "health", "probe_sweep"]
    network = properties(await azure.read(f"{probe}/networkConfig/virtualNetwork"))
    assert network["subnetResourceId"].endswith("/subnets/snet-probe-integration")


async def test_a_zone_with_its_links_and_records(azure: Azure) -> None:
    """A record says where it is from, and ALL has the record sets of every type."""
    zone = azure.id("private_dns_zone")
    assert properties(await azure.read(zone))["numberOfRecordSets"] == 4
    (link,) = (await azure.read(f"{zone}/virtualNetworkLinks"))["value"]
    assert properties(link)["virtualNetwork"]["id"] == azure.id("virtual_network")
    assert (properties(link)["resolutionPolicy"], properties(link)["virtualNetworkLinkState"]) == (
        "Default",
        "Completed",
    )
    record = properties(await azure.read(f"{zone}/A/func-orders-prod"))
    assert (record["aRecords"], record["ttl"]) == ([{"ipv4Address": ENDPOINT_ADDRESS}], 10)
    assert record["fqdn"] == "func-orders-prod.privatelink.azurewebsites.net."
    assert len((await azure.read(f"{zone}/A"))["value"]) == 3
    kinds = {record["type"].rpartition("/")[2] for record in (await azure.read(f"{zone}/ALL"))["value"]}
    assert kinds == {"A", "SOA"}
    assert code(await azure.ask(f"{zone}/A/nothing")) == (404, "ResourceNotFound")


async def test_an_endpoint_whose_zone_group_has_its_address(azure: Azure) -> None:
    """CustomDnsConfigs is empty then, and the network interface has it."""
    endpoint = azure.id("private_endpoint")
    found = properties(await azure.read(endpoint))
    assert found["customDnsConfigs"] == []
    assert found["subnet"]["id"].endswith("/subnets/snet-private-endpoints")
    (connection,) = found["privateLinkServiceConnections"]
    assert properties(connection)["privateLinkServiceId"] == azure.id("site")
    (interface,) = found["networkInterfaces"]
    (address,) = properties(await azure.read(interface["id"]))["ipConfigurations"]
    assert properties(address)["privateIPAddress"] == ENDPOINT_ADDRESS
    (group,) = (await azure.read(f"{endpoint}/privateDnsZoneGroups"))["value"]
    (zone,) = properties(group)["privateDnsZoneConfigs"]
    assert properties(zone)["privateDnsZoneId"] == azure.id("private_dns_zone")
    assert {each["recordSetName"] for each in properties(zone)["recordSets"]} == {
        "func-orders-prod",
        "func-orders-prod.scm",
    }


async def test_a_network_with_subnets_rules_and_azures_own_dns(azure: Azure) -> None:
    """No DNS servers are Azure's; an endpoint subnet says whether rules count in it."""
    network = properties(await azure.read(azure.id("virtual_network")))
    assert network["dhcpOptions"] == {"dnsServers": []}
    subnets = {subnet["name"]: properties(subnet) for subnet in network["subnets"]}
    assert subnets["snet-private-endpoints"]["privateEndpointNetworkPolicies"] == "NetworkSecurityGroupEnabled"
    assert subnets["snet-apim-internal"]["delegations"] == []
    group = await azure.read(subnets["snet-apim-internal"]["networkSecurityGroup"]["id"])
    rules = {rule["name"]: properties(rule) for rule in properties(group)["securityRules"]}
    assert rules["out-private-endpoints"]["destinationAddressPrefix"] == "10.80.20.0/27"
    assert rules["out-monitor"]["destinationPortRanges"] == ["443", "1886"]
    default = {rule["name"] for rule in properties(group)["defaultSecurityRules"]}
    assert {"AllowVnetOutBound", "DenyAllInBound"} <= default
    assert (await azure.read(f"{NETWORK_RESOURCES}/routeTables"))["value"] == []


async def test_api_management_in_internal_mode(azure: Azure) -> None:
    """Its host names, its addresses, and what it knows of its network: both forms of networkstatus."""
    service = azure.id("api_management")
    found = properties(await azure.read(service))
    assert (found["virtualNetworkType"], found["privateIPAddresses"]) == ("Internal", ["10.80.10.4"])
    hosts = {(each["type"], each["hostName"]) for each in found["hostnameConfigurations"]}
    assert ("Proxy", "api.internal.example.com") in hosts
    (region,) = await azure.read(f"{service}/networkstatus")
    assert region["networkStatus"]["dnsServers"] == ["168.63.129.16"]
    alone = await azure.read(f"{service}/locations/westeurope/networkstatus")
    assert alone["connectivityStatus"][0]["status"] == "success"


async def test_apis_policies_and_named_values(azure: Azure) -> None:
    """Policies are the deployed ones; a secret value is not shown; an operation has none of its own."""
    service = azure.id("api_management")
    apis = {api["name"]: properties(api) for api in (await azure.read(f"{service}/apis"))["value"]}
    assert (apis["orders"]["path"], apis["orders"]["serviceUrl"]) == ("orders", None)
    operations = (await azure.read(f"{service}/apis/orders/operations"))["value"]
    assert {(properties(each)["method"], properties(each)["urlTemplate"]) for each in operations} >= {
        ("GET", "/orders"),
        ("GET", "/health"),
    }
    policy = properties(await azure.read(f"{service}/apis/orders/policies/policy", format="rawxml"))
    assert 'base-url="https://{{backend-host}}/api"' in policy["value"]
    assert "<policies>" in properties(await azure.read(f"{service}/policies/policy", format="rawxml"))["value"]
    absent = await azure.ask(f"{service}/apis/orders/operations/health/policies/policy", format="rawxml")
    assert code(absent) == (404, "ResourceNotFound")
    fragment = properties(await azure.read(f"{service}/policyFragments/gateway-problem", format="rawxml"))
    assert "<fragment>" in fragment["value"]
    values = {each["name"]: properties(each) for each in (await azure.read(f"{service}/namedValues"))["value"]}
    assert values["backend-host"]["value"] == APP
    assert (values["probe-function-key"]["secret"], values["probe-function-key"].get("value")) == (True, None)
    diagnostic = properties(await azure.read(f"{service}/apis/orders/diagnostics/applicationinsights"))
    assert (diagnostic["httpCorrelationProtocol"], diagnostic["sampling"]["percentage"]) == ("W3C", 100)


async def test_storage_vault_and_workspace(azure: Azure) -> None:
    """Access, firewall and endpoints; the workspace's customerId is what queries name."""
    account = properties(await azure.read(azure.id("storage")))
    assert (account["publicNetworkAccess"], account["networkAcls"]["defaultAction"]) == ("Disabled", "Deny")
    (connection,) = account["privateEndpointConnections"]
    assert properties(connection)["privateLinkServiceConnectionState"]["status"] == "Approved"
    endpoint = properties(await azure.read(properties(connection)["privateEndpoint"]["id"]))
    (interface,) = endpoint["networkInterfaces"]
    (address,) = properties(await azure.read(interface["id"]))["ipConfigurations"]
    assert properties(address)["privateIPAddress"] == STORAGE_ADDRESS
    vault = properties(await azure.read(azure.id("key_vault")))
    assert (vault["publicNetworkAccess"], vault["vaultUri"]) == ("Disabled", "https://kv-path-prod.vault.azure.net/")
    assert properties(await azure.read(azure.id("workspace")))["customerId"] == WORKSPACE_ID


async def test_an_answer_carries_what_azures_do(azure: Azure) -> None:
    """An id of the request, and how many reads are left."""
    answer = await azure.ask(azure.id("site"))
    assert answer.headers["x-ms-request-id"]
    assert int(answer.headers["x-ms-ratelimit-remaining-subscription-reads"]) > 0
