// Where on-premises DNS servers forward to: the public zones (azurewebsites.net), not their privatelink halves.
import { networkSettings } from '../types.bicep'

param location string
param tags object
param network networkSettings

resource virtualNetwork 'Microsoft.Network/virtualNetworks@2025-05-01' existing = {
  name: network.virtualNetworkName

  resource inbound 'subnets' existing = {
    name: network.resolverSubnet.name
  }
}

resource resolver 'Microsoft.Network/dnsResolvers@2025-05-01' = {
  name: 'dnspr-${network.virtualNetworkName}'
  location: location
  tags: tags
  properties: { virtualNetwork: { id: virtualNetwork.id } }
}

resource inboundEndpoint 'Microsoft.Network/dnsResolvers/inboundEndpoints@2025-05-01' = {
  parent: resolver
  name: 'inbound'
  location: location
  tags: tags
  properties: {
    ipConfigurations: [
      {
        privateIpAllocationMethod: 'Static'
        privateIpAddress: network.resolverAddress
        subnet: { id: virtualNetwork::inbound.id }
      }
    ]
  }
}
