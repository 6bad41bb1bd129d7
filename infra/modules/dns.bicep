// Private zones, linked to every network that resolves them. Endpoints write their own records (zone groups).
import { networkSettings } from '../types.bicep'

param tags object
param network networkSettings

@description('privatelink zones, one for every kind of endpoint.')
param zones string[]

resource virtualNetwork 'Microsoft.Network/virtualNetworks@2025-05-01' existing = {
  name: network.virtualNetworkName
}

var names = concat(zones, [network.enterpriseZone])
var others = length(network.linkedNetworkIds)

resource privateZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for name in names: {
    name: name
    location: 'global'
    tags: tags
  }
]

// resolutionPolicy stays Default: with NxDomainRedirect a missing record is answered in public, and nobody notices.
// The type knows it for every zone, the service for privatelink zones only.
resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (name, i) in names: {
    parent: privateZones[i]
    name: 'link-${network.virtualNetworkName}-${linkNameOf(name)}'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      resolutionPolicy: isPrivateLink(name) ? 'Default' : null
      virtualNetwork: { id: virtualNetwork.id }
    }
  }
]

resource linksOfOthers 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for i in range(0, length(names) * others): {
    parent: privateZones[i / others]
    name: 'link-${last(split(network.linkedNetworkIds[i % others], '/'))}-${linkNameOf(names[i / others])}'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      resolutionPolicy: isPrivateLink(names[i / others]) ? 'Default' : null
      virtualNetwork: { id: network.linkedNetworkIds[i % others] }
    }
  }
]

func isPrivateLink(zone string) bool => startsWith(zone, 'privatelink.')

// privatelink.azurewebsites.net gives azurewebsites, as in the article.
func linkNameOf(zone string) string => split(replace(zone, 'privatelink.', ''), '.')[0]
