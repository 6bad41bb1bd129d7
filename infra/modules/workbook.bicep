// The workbook of the path, on the workspace.
param location string
param tags object
param workspaceName string
param displayName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // The name must be a GUID.
  name: guid(workspace.id, 'private-path')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    sourceId: workspace.id
    version: '1.0'
    serializedData: string(loadJsonContent('../workbooks/path.workbook.json'))
  }
}
