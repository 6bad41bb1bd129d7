#!/usr/bin/env bash
# Public access off: refused where the path is not proven, undone where the proof fails afterwards. Run it inside.
#
#   WITH_DEPENDENCIES=1   storage and vault as well. Packages and secrets are then put there from inside only.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

"$HERE/60-prove.sh" || fail "Nothing was closed: the private path is not proven."

list="$(apps)"
for app in $list; do
  az functionapp update --resource-group "$APP_GROUP" --name "$app" --set publicNetworkAccess=Disabled --output none
  [ "$(access_of "$app")" = Disabled ] || fail "$app is not closed: look at it, then run 80-reopen.sh or this again."
done
if [ -n "${WITH_DEPENDENCIES:-}" ]; then
  for account in "$(storage_name storders)" "$(storage_name stprobe)"; do
    az storage account update --resource-group "$APP_GROUP" --name "$account" --public-network-access Disabled \
      --default-action Deny --output none
  done
  vault="$(vault_name)"
  az keyvault update --resource-group "$APP_GROUP" --name "$vault" --public-network-access Disabled \
    --default-action Deny --output none
fi

# Front ends learn of it within a minute or two.
sleep "${SETTLE_S:-120}"
if ! "$HERE/60-prove.sh"; then
  "$HERE/80-reopen.sh"
  fail "The path does not hold without public access, and is open again: what the proof named first is the cause."
fi
say "Closed, and proven again from inside. From outside this must fail now, with 403:"
say "  curl -sS -o /dev/null -w '%{http_code}\n' https://$(needed ORDERS_HOST)/api/health"
