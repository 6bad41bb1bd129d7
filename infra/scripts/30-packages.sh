#!/usr/bin/env bash
# Both packages, built here and deployed as they are. After closure this works inside the network only: the deployment
# site answers there alone.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

cd "$ROOT"
"${PYTHON:-.venv/bin/python}" -m infra.package --output dist
timer="$(access_of "$PROBE_TIMER_APP")"
if [ -z "$timer" ]; then
  az functionapp deployment source config-zip --resource-group "$APP_GROUP" --name "$ORDERS_APP" \
    --src dist/orders.zip --build-remote false --output none
  az functionapp deployment source config-zip --resource-group "$APP_GROUP" --name "$PROBE_APP" \
    --src dist/probe.zip --build-remote false --output none
  exit 0
fi
# Elastic Premium mounts the package from the blob, and takes a new one when it starts again.
account="$(storage_name storders)"
az storage blob upload --account-name "$account" --container-name packages --name orders.zip \
  --file dist/orders.zip --overwrite --auth-mode login --output none
account="$(storage_name stprobe)"
az storage blob upload --account-name "$account" --container-name packages --name probe.zip \
  --file dist/probe.zip --overwrite --auth-mode login --output none
for app in "$ORDERS_APP" "$PROBE_APP" "$PROBE_TIMER_APP"; do
  az functionapp restart --resource-group "$APP_GROUP" --name "$app"
done
