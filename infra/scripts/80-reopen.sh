#!/usr/bin/env bash
# Public access on again, for everything that 70-close.sh closes.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

# Dependencies first: an app that is open and cannot reach its storage answers no better.
for account in "$(storage_name storders)" "$(storage_name stprobe)"; do
  az storage account update --resource-group "$APP_GROUP" --name "$account" --public-network-access Enabled \
    --default-action Allow --output none
done
vault="$(vault_name)"
az keyvault update --resource-group "$APP_GROUP" --name "$vault" --public-network-access Enabled \
  --default-action Allow --output none
list="$(apps)"
for app in $list; do
  az functionapp update --resource-group "$APP_GROUP" --name "$app" --set publicNetworkAccess=Enabled --output none
  [ "$(access_of "$app")" = Enabled ] || fail "$app is not open: look at it."
done
say "Open. Prove the path before it is closed again."
