#!/usr/bin/env bash
# After `azd down --purge`: what lives outside the resource groups. KEEP_APPLICATION=1 leaves the application.
set -euo pipefail

environment="${AZURE_ENV_NAME:-${ENVIRONMENT:?the name of the environment}}"
roles="/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/roleDefinitions"
version="api-version=2022-04-01"
for name in 'Private path reader' 'Private path order taker'; do
  id="$(az rest --method get --url "$roles?$version&\$filter=roleName eq '$name ($environment)'" \
    --query 'value[0].name' --output tsv)"
  # Its assignments went with their resource groups; with any left Azure refuses, and says which.
  [ -z "$id" ] || az rest --method delete --url "$roles/$id?$version" --output none
done
if [ -z "${KEEP_APPLICATION:-}" ]; then
  app_id="$(az ad app list --display-name "orders-$environment" --query '[0].appId' --output tsv)"
  [ -z "$app_id" ] || az ad app delete --id "$app_id"
fi
