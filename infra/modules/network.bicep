// The virtual network and what may pass in it.
import { hostingPlan, networkSettings } from '../types.bicep'

param location string
param tags object
param network networkSettings
param hosting hostingPlan
param withResolver bool

// Flex Consumption runs on Container Apps, and so takes its delegation; the article's is for the other plans.
var integration = hosting == 'flex-consumption' ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms'

// Defaults of every rule below; a rule says what is special about it.
var rule = {
  protocol: 'Tcp'
  access: 'Allow'
  sourcePortRange: '*'
}

// https://learn.microsoft.com/azure/api-management/virtual-network-reference, classic tiers, internal mode.
var gatewayInbound = [
  { name: 'management', from: 'ApiManagement', ports: ['3443'] }
  { name: 'load-balancer', from: 'AzureLoadBalancer', ports: ['6390', '6391'] }
]
var gatewayOutbound = [
  { name: 'certificate-validation', to: 'Internet', ports: ['80'] }
  { name: 'storage', to: 'Storage', ports: ['443'] }
  { name: 'sql', to: 'Sql', ports: ['1433'] }
  { name: 'key-vault', to: 'AzureKeyVault', ports: ['443'] }
  // Both for managed identities: the backend's token, and the vault's.
  { name: 'entra', to: 'AzureActiveDirectory', ports: ['443'] }
  { name: 'monitor', to: 'AzureMonitor', ports: ['443', '1886'] }
  { name: 'event-hub', to: 'EventHub', ports: ['443', '5671', '5672'] }
  // The default rules let it through as well; here it is found by name when somebody denies the rest.
  { name: 'private-endpoints', to: network.endpointSubnet.addressPrefix, ports: ['443'] }
]

resource gatewayRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${network.gatewaySubnet.name}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      ...map(range(0, length(gatewayInbound)), i => {
        name: 'in-${gatewayInbound[i].name}'
        properties: {
          ...rule
          direction: 'Inbound'
          priority: 100 + i * 10
          sourceAddressPrefix: gatewayInbound[i].from
          destinationAddressPrefix: 'VirtualNetwork'
          destinationPortRanges: gatewayInbound[i].ports
        }
      })
      ...map(range(0, length(network.clientPrefixes)), i => {
        name: 'in-client-${i}'
        properties: {
          ...rule
          direction: 'Inbound'
          priority: 200 + i * 10
          sourceAddressPrefix: network.clientPrefixes[i]
          destinationAddressPrefix: 'VirtualNetwork'
          destinationPortRanges: ['443']
        }
      })
      ...map(range(0, length(gatewayOutbound)), i => {
        name: 'out-${gatewayOutbound[i].name}'
        properties: {
          ...rule
          direction: 'Outbound'
          priority: 100 + i * 10
          sourceAddressPrefix: 'VirtualNetwork'
          destinationAddressPrefix: gatewayOutbound[i].to
          destinationPortRanges: gatewayOutbound[i].ports
        }
      })
    ]
  }
}

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${network.endpointSubnet.name}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'in-path'
        properties: {
          ...rule
          direction: 'Inbound'
          priority: 100
          sourceAddressPrefixes: concat(
            [
              network.gatewaySubnet.addressPrefix
              network.ordersSubnet.addressPrefix
              network.probeSubnet.addressPrefix
            ],
            network.operatorPrefixes
          )
          destinationAddressPrefix: network.endpointSubnet.addressPrefix
          destinationPortRange: '443'
        }
      }
      {
        name: 'in-others'
        properties: {
          ...rule
          access: 'Deny'
          protocol: '*'
          direction: 'Inbound'
          priority: 4096
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

// Nobody opens a connection to an integrated app this way: calls come through its private endpoint.
resource integrationRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-function-integration'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'in-internet'
        properties: {
          ...rule
          access: 'Deny'
          protocol: '*'
          direction: 'Inbound'
          priority: 4096
          sourceAddressPrefix: 'Internet'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource gatewayRoutes 'Microsoft.Network/routeTables@2025-05-01' = if (!empty(network.firewallAddress)) {
  name: 'rt-${network.gatewaySubnet.name}'
  location: location
  tags: tags
  properties: {
    disableBgpRoutePropagation: false
    routes: [
      {
        name: 'everything'
        properties: {
          addressPrefix: '0.0.0.0/0'
          nextHopType: 'VirtualAppliance'
          nextHopIpAddress: network.firewallAddress
        }
      }
      {
        // The answer to the control plane on 3443 must go back the way the call came.
        name: 'management'
        properties: { addressPrefix: 'ApiManagement', nextHopType: 'Internet' }
      }
    ]
  }
}

resource virtualNetwork 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: network.virtualNetworkName
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [network.addressPrefix] }
    dhcpOptions: { dnsServers: network.dnsServers }
    subnets: [
      {
        name: network.gatewaySubnet.name
        properties: {
          addressPrefix: network.gatewaySubnet.addressPrefix
          networkSecurityGroup: { id: gatewayRules.id }
          routeTable: empty(network.firewallAddress) ? null : { id: gatewayRoutes.id }
          delegations: []
        }
      }
      {
        name: network.endpointSubnet.name
        properties: {
          addressPrefix: network.endpointSubnet.addressPrefix
          networkSecurityGroup: { id: endpointRules.id }
          // Without this the rules above do not apply to private endpoints.
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
          delegations: []
        }
      }
      {
        name: network.ordersSubnet.name
        properties: {
          addressPrefix: network.ordersSubnet.addressPrefix
          networkSecurityGroup: { id: integrationRules.id }
          delegations: [{ name: 'functions', properties: { serviceName: integration } }]
        }
      }
      {
        name: network.probeSubnet.name
        properties: {
          addressPrefix: network.probeSubnet.addressPrefix
          networkSecurityGroup: { id: integrationRules.id }
          delegations: [{ name: 'functions', properties: { serviceName: integration } }]
        }
      }
      ...(withResolver
        ? [
            {
              name: network.resolverSubnet.name
              properties: {
                addressPrefix: network.resolverSubnet.addressPrefix
                delegations: [{ name: 'resolver', properties: { serviceName: 'Microsoft.Network/dnsResolvers' } }]
              }
            }
          ]
        : [])
    ]
  }
}
