// Scheduled queries. alerts.json says what each is, queries/NAME.kql what it asks; a test holds the two together.
param location string
param tags object
param workspaceName string
param actionGroupName string

@description('Where a runbook lies: its file is appended.')
param runbooksUrl string
param enabled bool

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' existing = {
  name: actionGroupName
}

// One line for each alert: the compiler takes literal paths only.
var queries = {
  'answer-turned-public': loadTextContent('../queries/answer-turned-public.kql')
  'certificate-expiring': loadTextContent('../queries/certificate-expiring.kql')
  'correlation-lost': loadTextContent('../queries/correlation-lost.kql')
  'gateway-cannot-reach-backend': loadTextContent('../queries/gateway-cannot-reach-backend.kql')
  'identity-hole': loadTextContent('../queries/identity-hole.kql')
  latency: loadTextContent('../queries/latency.kql')
  'path-broken': loadTextContent('../queries/path-broken.kql')
  'path-exposed': loadTextContent('../queries/path-exposed.kql')
  'probe-silent': loadTextContent('../queries/probe-silent.kql')
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in loadJsonContent('../alerts.json').alerts: {
    name: 'alert-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.displayName
      description: '${alert.description} Runbook: ${runbooksUrl}/${alert.runbook}'
      severity: alert.severity
      enabled: enabled
      scopes: [workspace.id]
      evaluationFrequency: alert.frequency
      windowSize: alert.window
      // As far back as the evaluation goes, where the rule does not look further.
      overrideQueryTimeRange: alert.?overrideQueryTimeRange
      autoMitigate: true
      // The tables come with the first record, and without this the first deployment fails.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: queries[alert.query]
            metricMeasureColumn: alert.metricMeasureColumn
            timeAggregation: alert.timeAggregation
            operator: alert.operator
            threshold: alert.threshold
            dimensions: map(alert.dimensions, name => { name: name, operator: 'Include', values: ['*'] })
            failingPeriods: {
              numberOfEvaluationPeriods: alert.failingPeriods.evaluations
              minFailingPeriodsToAlert: alert.failingPeriods.violations
            }
          }
        ]
      }
      actions: {
        actionGroups: [actionGroup.id]
        customProperties: { runbook: '${runbooksUrl}/${alert.runbook}', cause: alert.name }
      }
    }
  }
]
