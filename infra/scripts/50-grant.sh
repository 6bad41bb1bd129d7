#!/usr/bin/env bash
# The app roles of the orders API to the two identities that call it. Tokens are cached for up to a day: what asked for
# one before has no role until then, or until it starts again.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

: "${ORDERS_CLIENT_ID:?run 10-entra.sh and set what it prints}"
graph="https://graph.microsoft.com/v1.0/servicePrincipals"
api="$(az ad sp show --id "$ORDERS_CLIENT_ID" --query id --output tsv)"

grant() {
  local principal="$1" role="$2" role_id found
  role_id="$(az ad sp show --id "$ORDERS_CLIENT_ID" --query "appRoles[?value=='$role'].id | [0]" --output tsv)"
  found="$(az rest --method get --url "$graph/$principal/appRoleAssignments" \
    --query "value[?resourceId=='$api' && appRoleId=='$role_id'].id | [0]" --output tsv)"
  if [ -z "$found" ]; then
    az rest --method post --url "$graph/$principal/appRoleAssignments" --output none \
      --body "{\"principalId\": \"$principal\", \"resourceId\": \"$api\", \"appRoleId\": \"$role_id\"}"
  fi
}

gateway="$(needed GATEWAY_PRINCIPAL_ID)"
grant "$gateway" Orders.Read
grant "$gateway" Orders.Write
# The probe looks, and orders nothing.
grant "$(needed PROBE_PRINCIPAL_ID)" Orders.Read
