// Two roles that are narrower than any built-in one. They live at the subscription and outlive the resource groups:
// hooks/postdown.sh deletes them.
targetScope = 'subscription'

param environmentName string

resource probeReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, environmentName, 'probe-reader')
  properties: {
    roleName: 'Private path reader (${environmentName})'
    description: 'Reads what decides whether a path is private, and lets API Management test a connection. Writes nothing.'
    type: 'customRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: [
          'Microsoft.Web/sites/read'
          // GET of config/web and config/authsettingsV2; settings with secrets need config/list/action, which is not here.
          'Microsoft.Web/sites/config/read'
          'Microsoft.Web/sites/privateEndpointConnections/read'
          'Microsoft.Web/sites/networkConfig/read'
          'Microsoft.Web/sites/functions/read'
          'Microsoft.Network/privateDnsZones/read'
          'Microsoft.Network/privateDnsZones/virtualNetworkLinks/read'
          'Microsoft.Network/privateDnsZones/A/read'
          'Microsoft.Network/privateDnsZones/ALL/read'
          'Microsoft.Network/privateEndpoints/read'
          'Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read'
          'Microsoft.Network/networkInterfaces/read'
          'Microsoft.Network/virtualNetworks/read'
          'Microsoft.Network/virtualNetworks/subnets/read'
          'Microsoft.Network/networkSecurityGroups/read'
          'Microsoft.Network/routeTables/read'
          'Microsoft.ApiManagement/service/read'
          'Microsoft.ApiManagement/service/networkstatus/read'
          'Microsoft.ApiManagement/service/locations/networkstatus/read'
          'Microsoft.ApiManagement/service/policies/read'
          'Microsoft.ApiManagement/service/policyFragments/read'
          'Microsoft.ApiManagement/service/namedValues/read'
          'Microsoft.ApiManagement/service/backends/read'
          'Microsoft.ApiManagement/service/diagnostics/read'
          'Microsoft.ApiManagement/service/apis/read'
          'Microsoft.ApiManagement/service/apis/policies/read'
          'Microsoft.ApiManagement/service/apis/operations/read'
          'Microsoft.ApiManagement/service/apis/operations/policies/read'
          'Microsoft.ApiManagement/service/apis/diagnostics/read'
          // Means connectivityCheck/action: a test of the gateway's own, which changes nothing. That name is not among the
          // provider's published operations (2026-02-23), and a role must not name an operation that is not; a pattern
          // may cover it. What else the pattern covers today is taken away again below.
          'Microsoft.ApiManagement/service/c*/action'
          'Microsoft.Storage/storageAccounts/read'
          'Microsoft.KeyVault/vaults/read'
          'Microsoft.OperationalInsights/workspaces/read'
          'Microsoft.OperationalInsights/workspaces/query/read'
        ]
        notActions: [
          'Microsoft.ApiManagement/service/certificates/*/action'
          'Microsoft.ApiManagement/service/clientApplications/*/action'
          'Microsoft.ApiManagement/service/caches/*/action'
          'Microsoft.ApiManagement/service/contentTypes/*/action'
        ]
        dataActions: ['Microsoft.OperationalInsights/workspaces/tables/data/read']
        notDataActions: []
      }
    ]
  }
}

resource orderTaker 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, environmentName, 'order-taker')
  properties: {
    roleName: 'Private path order taker (${environmentName})'
    description: 'Reads and adds entities of a table; changes and deletes none.'
    type: 'customRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: [
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/read'
          'Microsoft.Storage/storageAccounts/tableServices/tables/entities/add/action'
        ]
        notDataActions: []
      }
    ]
  }
}
