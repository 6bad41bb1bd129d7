// One app with its private endpoint.
targetScope = 'subscription'

import { commonSettings } from '../types.bicep'

param common commonSettings
param name string
param serviceName string
param packageName string = serviceName
param identityName string
param storageName string
param subnetName string
param maximumInstances int
param clientCertificates bool = false
param disabledFunctions string[] = []
param alwaysReady { name: string, instanceCount: int }[] = []
param settings { name: string, value: string }[]

resource networkGroup 'Microsoft.Resources/resourceGroups@2025-04-01' existing = {
  name: common.networkGroup
}

resource appGroup 'Microsoft.Resources/resourceGroups@2025-04-01' existing = {
  name: common.appGroup
}

module app 'function-app.bicep' = {
  scope: appGroup
  params: {
    location: common.location
    tags: common.tags
    name: name
    serviceName: serviceName
    packageName: packageName
    hosting: common.hosting
    identityName: identityName
    storageName: storageName
    storageSuffix: common.storageSuffix
    packageContainer: 'packages'
    componentName: common.componentName
    network: common.network
    networkGroup: common.networkGroup
    subnetName: subnetName
    publicNetworkAccess: common.publicNetworkAccess
    pythonVersion: common.pythonVersion
    maximumInstances: maximumInstances
    clientCertificates: clientCertificates
    uniqueHostName: common.uniqueHostNames
    disabledFunctions: disabledFunctions
    alwaysReady: alwaysReady
    settings: settings
  }
}

module endpoint 'private-endpoint.bicep' = {
  scope: networkGroup
  params: {
    location: common.location
    tags: common.tags
    network: common.network
    name: name
    resourceId: resourceId(subscription().subscriptionId, common.appGroup, 'Microsoft.Web/sites', name)
    groupId: 'sites'
    zone: 'privatelink.azurewebsites.net'
  }
  dependsOn: [app]
}

output hostName string = app.outputs.hostName
output scmHostName string = app.outputs.scmHostName
