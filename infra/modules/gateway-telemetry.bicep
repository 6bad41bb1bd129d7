// What the gateway writes of each call, in Application Insights and in its own log.
param gatewayName string
param componentName string

@minValue(1)
@maxValue(100)
param samplingPercent int

resource gateway 'Microsoft.ApiManagement/service@2024-05-01' existing = {
  name: gatewayName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

// Both ids: the caller's and the one that the gateway found in the backend's answer.
var logged = { headers: ['x-correlation-id'], body: { bytes: 0 } }

resource insightsLogger 'Microsoft.ApiManagement/service/loggers@2024-05-01' = {
  parent: gateway
  name: 'applicationinsights'
  properties: {
    loggerType: 'applicationInsights'
    resourceId: component.id
    // By identity: the component takes nothing from who only has the connection string.
    credentials: {
      connectionString: component.properties.ConnectionString
      identityClientId: 'SystemAssigned'
    }
    isBuffered: true
  }
}

resource insights 'Microsoft.ApiManagement/service/diagnostics@2024-05-01' = {
  parent: gateway
  name: 'applicationinsights'
  properties: {
    loggerId: insightsLogger.id
    alwaysLog: 'allErrors'
    // traceparent goes on to the backend: one operation id from the gateway's request to the app's dependencies.
    httpCorrelationProtocol: 'W3C'
    verbosity: 'information'
    logClientIp: true
    sampling: { samplingType: 'fixed', percentage: samplingPercent }
    frontend: { request: logged, response: logged }
    backend: { request: logged, response: logged }
  }
}

resource monitorLogger 'Microsoft.ApiManagement/service/loggers@2024-05-01' = {
  parent: gateway
  name: 'azuremonitor'
  properties: { loggerType: 'azureMonitor', isBuffered: true }
}

// Without this the columns RequestHeaders and BackendResponseHeaders of ApiManagementGatewayLogs stay empty.
resource monitor 'Microsoft.ApiManagement/service/diagnostics@2024-05-01' = {
  parent: gateway
  name: 'azuremonitor'
  properties: {
    loggerId: monitorLogger.id
    alwaysLog: 'allErrors'
    verbosity: 'information'
    logClientIp: true
    sampling: { samplingType: 'fixed', percentage: 100 }
    frontend: { request: logged, response: logged }
    backend: { request: logged, response: logged }
  }
}
