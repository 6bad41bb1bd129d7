// The reference: the article's names and addresses, after the vault was filled and before the door is closed. Its
// evaluated form is main.snapshot.json.
using 'main.bicep'

param environmentName = 'prod'
param location = 'westeurope'
param storageSuffix = 'core.windows.net'
param vaultFilled = true
param withResolver = true
param ordersAudience = 'api://orders'
param ordersClientId = '11111111-2222-4333-8444-555555555555'
param alertEmails = ['platform@example.com']
