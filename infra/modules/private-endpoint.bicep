// One private endpoint, and the group that keeps its records in the zone right.
import { networkSettings } from '../types.bicep'

param location string
param tags object
param network networkSettings

@description('What the endpoint is called, without its prefix: the resource, and the sub-resource where it has several.')
param name string
param resourceId string

@description('The sub-resource: sites, blob, queue, table, vault.')
param groupId string
param zone string

resource subnet 'Microsoft.Network/virtualNetworks/subnets@2025-05-01' existing = {
  name: '${network.virtualNetworkName}/${network.endpointSubnet.name}'
}

resource privateZone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = {
  name: zone
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: 'pe-${name}'
  location: location
  tags: tags
  properties: {
    customNetworkInterfaceName: 'nic-pe-${name}'
    subnet: { id: subnet.id }
    privateLinkServiceConnections: [
      {
        name: 'cn-pe-${name}'
        properties: { privateLinkServiceId: resourceId, groupIds: [groupId] }
      }
    ]
  }
}

// For sites it writes two records: the app's and its .scm.
resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = {
  parent: endpoint
  name: 'dzg-pe-${name}'
  properties: {
    privateDnsZoneConfigs: [
      { name: replace(zone, '.', '-'), properties: { privateDnsZoneId: privateZone.id } }
    ]
  }
}
