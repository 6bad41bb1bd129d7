#!/usr/bin/env bash
# How far the deployment is, as shell variables on standard output. It is read from Azure and nowhere else, so that no
# deployment opens a door that was closed, or forgets a certificate that is in use.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

access=Enabled
dependencies=Enabled
filled=false
there="$(az group exists --name "$APP_GROUP")"
if [ "$there" = true ]; then
  found="$(access_of "$ORDERS_APP")"
  [ "$found" != Disabled ] || access=Disabled
  vault="$(vault_name)"
  if [ -n "$vault" ]; then
    dependencies="$(az keyvault show --resource-group "$APP_GROUP" --name "$vault" \
      --query properties.publicNetworkAccess --output tsv)"
    # In use already: asked of the control plane, since a closed vault answers nobody outside.
    if az apim nv show --resource-group "$APP_GROUP" --service-name "$GATEWAY_NAME" \
      --named-value-id probe-function-key --output none 2>/dev/null; then
      filled=true
    elif az keyvault secret show --vault-name "$vault" --name probe-function-key --output none 2>/dev/null &&
      az keyvault certificate show --vault-name "$vault" --name gateway-certificate --output none 2>/dev/null; then
      filled=true
    fi
  fi
fi
printf 'PUBLIC_NETWORK_ACCESS=%s\n' "$access"
printf 'DEPENDENCIES_PUBLIC_ACCESS=%s\n' "$dependencies"
printf 'VAULT_FILLED=%s\n' "$filled"
