// The probe's reads in one resource group.
param roleDefinitionName string
param identityName string
param identityGroup string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: resourceGroup(identityGroup)
  name: identityName
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, identity.id, roleDefinitionName)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleDefinitionName)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}
