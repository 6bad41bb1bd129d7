// Where everything is written down, and who is told.
param location string
param tags object
param workspaceName string
param componentName string
param actionGroupName string

@minValue(30)
@maxValue(730)
param retentionDays int

@description('Daily limit of ingestion in GB; -1 is none. A limit that is reached blinds the alerts.')
param dailyLimitGb int
param alertEmails string[]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    workspaceCapping: { dailyQuotaGb: dailyLimitGb }
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
    // Ingestion and queries in public, by Entra identity: AMPLS changes the DNS of every network that shares the zones.
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    // The connection string alone lets nobody write: the apps and the gateway show their identities.
    DisableLocalAuth: true
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'privatepath'
    emailReceivers: [
      for (address, i) in alertEmails: { name: 'mail-${i}', emailAddress: address, useCommonAlertSchema: true }
    ]
  }
}

output workspaceCustomerId string = workspace.properties.customerId

// InstrumentationKey=...;IngestionEndpoint=https://REGION-N.in.applicationinsights.azure.com/;LiveEndpoint=...
output ingestionEndpoint string = split(split(component.properties.ConnectionString, 'IngestionEndpoint=')[1], ';')[0]
