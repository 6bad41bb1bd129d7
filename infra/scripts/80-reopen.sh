#!/usr/bin/env bash
# Public access on again, for what 70-close.sh has closed on this machine, and nothing else.
#
#   YES=1       do not ask
#   BY_HAND=1   no journal is asked what was open before: everything that 70-close.sh may close is opened
#   CA_FILE     as in 60-prove.sh
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

if [ -z "${BY_HAND:-}" ]; then
  cd "$ROOT"
  umask 077
  # The very file that was closed by, where it is there: nothing of Azure is asked for what does not need it.
  [ -f "$PATH_FILE" ] || deployed_path
  exec "${PYTHON:-.venv/bin/python}" -m probes close --path "$PATH_FILE" --undo ${YES:+--yes}
fi
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
