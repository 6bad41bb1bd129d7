#!/usr/bin/env bash
# Everything away, and what outlives its resource group too: soft-deleted names, custom roles, the application.
# KEEP_APPLICATION=1 leaves the application in the tenant. It asks before it begins, unless YES=1.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

vault=""
there="$(az group exists --name "$APP_GROUP")"
[ "$there" = false ] || vault="$(vault_name)"
if [ -z "${YES:-}" ]; then
  read -r -p "Delete rg-api-$ENVIRONMENT and rg-net-$ENVIRONMENT with all that is in them? Type $ENVIRONMENT: " answer
  [ "$answer" = "$ENVIRONMENT" ] || fail "Nothing was deleted."
fi
# The apps first: their integration and the gateway hold the subnets.
for group in "rg-api-$ENVIRONMENT" "rg-net-$ENVIRONMENT"; do
  if [ "$(az group exists --name "$group")" = true ]; then
    az group delete --name "$group" --yes
  fi
done
if [ -n "$vault" ]; then
  az keyvault purge --name "$vault" --location "$LOCATION" ||
    say "$vault keeps its name for its retention time: it has purge protection, or is gone already."
fi
az apim deletedservice purge --service-name "$GATEWAY_NAME" --location "$LOCATION" || say "$GATEWAY_NAME is gone already."
"$INFRA/hooks/postdown.sh"
for stage in "$DEPLOYMENT" "$DEPLOYMENT-network"; do
  az deployment sub delete --name "$stage" || true
done
