// The two APIs, their policies, and the values that the policies name.
param gatewayName string
param vaultName string

@description('Default host name of the orders app: never an address, and never built from the name.')
param backendHost string

@description('App ID URI of the orders API, for which the gateway asks a token.')
param backendAudience string
param probeHost string

@description('Name in the vault of the probe app\'s function key; empty: the diagnostics API is not published.')
param probeKeyName string

@description('Off: every client of the network may call, and the gateway shows the backend its own identity for it.')
param callersNeedSubscription bool

resource gateway 'Microsoft.ApiManagement/service@2024-05-01' existing = {
  name: gatewayName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

// One line for each file: the compiler takes literal paths only.
var fragments = {
  'gateway-problem': loadTextContent('../policies/fragments/gateway-problem.xml')
}
var withDiagnostics = !empty(probeKeyName)
var plainValues = {
  'backend-host': backendHost
  'backend-audience': backendAudience
  'probe-host': probeHost
}

resource values 'Microsoft.ApiManagement/service/namedValues@2024-05-01' = [
  for value in items(plainValues): {
    parent: gateway
    name: value.key
    properties: { displayName: value.key, value: value.value, secret: false, tags: ['private-path'] }
  }
]

resource probeKey 'Microsoft.ApiManagement/service/namedValues@2024-05-01' = if (withDiagnostics) {
  parent: gateway
  name: 'probe-function-key'
  properties: {
    displayName: 'probe-function-key'
    secret: true
    // Without a version: a renewed key is taken within four hours. No identityClientId: the service's own.
    keyVault: { secretIdentifier: '${vault.properties.vaultUri}secrets/${probeKeyName}' }
    tags: ['private-path']
  }
}

@batchSize(1)
resource policyFragments 'Microsoft.ApiManagement/service/policyFragments@2024-05-01' = [
  for fragment in items(fragments): {
    parent: gateway
    name: fragment.key
    properties: { format: 'rawxml', value: fragment.value }
    dependsOn: [values]
  }
]

resource globalPolicy 'Microsoft.ApiManagement/service/policies@2024-05-01' = {
  parent: gateway
  name: 'policy'
  properties: { format: 'rawxml', value: loadTextContent('../policies/global.xml') }
  dependsOn: [policyFragments]
}

resource orders 'Microsoft.ApiManagement/service/apis@2024-05-01' = {
  parent: gateway
  name: 'orders'
  properties: {
    path: 'orders'
    protocols: ['https']
    format: 'openapi+json'
    value: loadTextContent('../openapi/orders.json')
    subscriptionRequired: callersNeedSubscription
  }

  resource policy 'policies' = {
    name: 'policy'
    properties: { format: 'rawxml', value: loadTextContent('../policies/orders.xml') }
    dependsOn: [values, globalPolicy]
  }
}

// Operators and the alert runbooks call it, and it spends the probe's function key: a subscription is needed.
resource diagnostics 'Microsoft.ApiManagement/service/apis@2024-05-01' = if (withDiagnostics) {
  parent: gateway
  name: 'diagnostics'
  properties: {
    path: 'diagnostics'
    protocols: ['https']
    format: 'openapi+json'
    value: loadTextContent('../openapi/diagnostics.json')
    subscriptionRequired: true
  }
  // The document has the same paths as no other API, but two imports at once are refused.
  dependsOn: [orders]
}

resource diagnosticsPolicy 'Microsoft.ApiManagement/service/apis/policies@2024-05-01' = if (withDiagnostics) {
  parent: diagnostics
  name: 'policy'
  properties: { format: 'rawxml', value: loadTextContent('../policies/diagnostics.xml') }
  dependsOn: [values, probeKey, globalPolicy]
}

resource operators 'Microsoft.ApiManagement/service/subscriptions@2024-05-01' = if (withDiagnostics) {
  parent: gateway
  name: 'operators'
  properties: { displayName: 'Operators', scope: diagnostics.id, state: 'active', allowTracing: false }
}

resource callers 'Microsoft.ApiManagement/service/subscriptions@2024-05-01' = if (callersNeedSubscription) {
  parent: gateway
  name: 'orders-callers'
  properties: { displayName: 'Callers of orders', scope: orders.id, state: 'active', allowTracing: false }
}
