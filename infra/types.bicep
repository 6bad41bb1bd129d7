// The network of the article: its names, its addresses, and where today's platform asks for more than it says.

type subnetSettings = {
  name: string
  addressPrefix: string
}

@export()
type networkSettings = {
  virtualNetworkName: string
  addressPrefix: string

  @description('API Management, and nothing else; no delegation.')
  gatewaySubnet: subnetSettings

  @description('Private interfaces of App Service, storage and vault.')
  endpointSubnet: subnetSettings

  @description('Outbound integration of the orders app. Flex Consumption takes no underscore in the name.')
  ordersSubnet: subnetSettings

  @description('Outbound integration of the probe app: it has its own, since a delegated subnet serves one plan.')
  probeSubnet: subnetSettings

  @description('Inbound endpoint of the DNS resolver, used where it is deployed.')
  resolverSubnet: subnetSettings

  @description('The resolver answers here; on-premises servers forward to it.')
  resolverAddress: string

  @description('Who may call the gateway on 443: tags or prefixes. On-premises clients are in VirtualNetwork too.')
  clientPrefixes: string[]

  @description('Who may reach private endpoints beside API Management and the apps: deployment agents, operators.')
  operatorPrefixes: string[]

  @description('DNS servers of the network; none means Azure DNS. Change them before API Management is deployed.')
  dnsServers: string[]

  @description('Next hop of everything that leaves the gateway subnet; empty: no route table.')
  firewallAddress: string

  @description('The private zone of the enterprise: api, portal and management live in it.')
  enterpriseZone: string

  @description('Ids of further networks that resolve these zones: the hub, and spokes with clients.')
  linkedNetworkIds: string[]
}

@export()
@description('What differs from the article; the rest stays.')
type networkChanges = {
  virtualNetworkName: string?
  addressPrefix: string?
  gatewaySubnet: subnetSettings?
  endpointSubnet: subnetSettings?
  ordersSubnet: subnetSettings?
  probeSubnet: subnetSettings?
  resolverSubnet: subnetSettings?
  resolverAddress: string?
  clientPrefixes: string[]?
  operatorPrefixes: string[]?
  dnsServers: string[]?
  firewallAddress: string?
  enterpriseZone: string?
  linkedNetworkIds: string[]?
}

@export()
type hostingPlan = 'flex-consumption' | 'elastic-premium'

@export()
type publicAccess = 'Enabled' | 'Disabled'

@export()
type commonSettings = {
  location: string
  tags: object
  network: networkSettings
  networkGroup: string
  appGroup: string
  hosting: hostingPlan
  pythonVersion: string

  @description('Of the apps.')
  publicNetworkAccess: publicAccess
  uniqueHostNames: bool
  storageSuffix: string
  componentName: string
}

@export()
var articleNetwork = {
  virtualNetworkName: 'vnet-prod-api'
  addressPrefix: '10.80.0.0/16'
  gatewaySubnet: { name: 'snet-apim-internal', addressPrefix: '10.80.10.0/26' }
  endpointSubnet: { name: 'snet-private-endpoints', addressPrefix: '10.80.20.0/27' }
  ordersSubnet: { name: 'snet-function-integration', addressPrefix: '10.80.30.0/27' }
  probeSubnet: { name: 'snet-probe-integration', addressPrefix: '10.80.31.0/27' }
  resolverSubnet: { name: 'snet-dns-inbound', addressPrefix: '10.80.40.0/28' }
  resolverAddress: '10.80.40.4'
  clientPrefixes: ['VirtualNetwork']
  operatorPrefixes: []
  dnsServers: []
  firewallAddress: ''
  enterpriseZone: 'internal.example.com'
  linkedNetworkIds: []
}
