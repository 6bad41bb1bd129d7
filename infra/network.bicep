// Stage one: the network and its names, before anything lives in it. main.bicep contains it too.
targetScope = 'subscription'

import { articleNetwork, hostingPlan, networkChanges } from 'types.bicep'

@description('Ends the names of the resource groups: prod makes rg-net-prod.')
@minLength(1)
@maxLength(12)
param environmentName string
param location string
param network networkChanges = {}
param hosting hostingPlan = 'flex-consumption'

@description('For on-premises clients: an inbound endpoint of the DNS resolver.')
param withResolver bool = false
param storageSuffix string = environment().suffixes.storage

var settings = union(articleNetwork, network)
var tags = { 'azd-env-name': environmentName }
var zones = {
  sites: 'privatelink.azurewebsites.net'
  vault: 'privatelink.vaultcore.azure.net'
  blob: 'privatelink.blob.${storageSuffix}'
  queue: 'privatelink.queue.${storageSuffix}'
  table: 'privatelink.table.${storageSuffix}'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-net-${environmentName}'
  location: location
  tags: tags
}

module virtualNetwork 'modules/network.bicep' = {
  scope: group
  params: { location: location, tags: tags, network: settings, hosting: hosting, withResolver: withResolver }
}

module dns 'modules/dns.bicep' = {
  scope: group
  params: {
    tags: tags
    network: settings
    zones: map(items(zones), zone => zone.value)
  }
  dependsOn: [virtualNetwork]
}

module resolver 'modules/resolver.bicep' = if (withResolver) {
  scope: group
  params: { location: location, tags: tags, network: settings }
  dependsOn: [virtualNetwork]
}
