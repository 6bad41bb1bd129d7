// The gateway's certificate and the probe's function key. What is in it is put there by scripts/fill-vault.sh.
import { publicAccess } from '../types.bicep'

param location string
param tags object
param name string

@description('Enabled until the private path is proven: the vault is filled from outside.')
param publicNetworkAccess publicAccess

@description('Once on it stays on, and a deleted vault keeps its name for the retention time.')
param purgeProtection bool

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    // It can be switched on, and never off: false is refused once it was true.
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      // The control plane of API Management renews its certificate this way, with the service's own identity; the
      // gateway itself comes through the endpoint.
      bypass: 'AzureServices'
      defaultAction: publicNetworkAccess == 'Enabled' ? 'Allow' : 'Deny'
    }
  }
}

output uri string = vault.properties.vaultUri
