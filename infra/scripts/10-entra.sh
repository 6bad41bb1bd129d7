#!/usr/bin/env bash
# The orders API as an application of the tenant: an audience for tokens, and two roles. Run again, it changes nothing.
# Prints the two settings that the deployment needs. Needs the right to register applications.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

name="orders-$ENVIRONMENT"
app_id="$(az ad app list --display-name "$name" --query '[0].appId' --output tsv)"
if [ -z "$app_id" ]; then
  # The ids of the roles are made from their names, so that a second registration has the same.
  roles='[
    {"allowedMemberTypes": ["Application"], "description": "Read orders", "displayName": "Orders.Read",
     "id": "5b3e1f6a-0c0e-4d52-8a55-3f1f6a7d0001", "isEnabled": true, "value": "Orders.Read"},
    {"allowedMemberTypes": ["Application"], "description": "Create orders", "displayName": "Orders.Write",
     "id": "5b3e1f6a-0c0e-4d52-8a55-3f1f6a7d0002", "isEnabled": true, "value": "Orders.Write"}]'
  app_id="$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --app-roles "$roles" \
    --query appId --output tsv)"
  # With its own id in it the URI is allowed in every tenant, whatever its policy for URIs says.
  az ad app update --id "$app_id" --identifier-uris "api://$app_id"
  az rest --method patch --url "https://graph.microsoft.com/v1.0/applications(appId='$app_id')" \
    --body '{"api": {"requestedAccessTokenVersion": 2}}'
fi
az ad sp show --id "$app_id" --output none 2>/dev/null || az ad sp create --id "$app_id" --output none
# Without it any application of the tenant would get a token; it would have no role, and the app would refuse it.
az ad sp update --id "$app_id" --set appRoleAssignmentRequired=true
printf 'ORDERS_CLIENT_ID=%s\nORDERS_AUDIENCE=api://%s\n' "$app_id" "$app_id"
