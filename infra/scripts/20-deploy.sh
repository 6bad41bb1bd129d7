#!/usr/bin/env bash
# Everything else, with public access as it is: Enabled where nothing was closed yet, Disabled where it was. Run it
# again after 40-fill-vault.sh: what was put there is then used. ORDERS_CLIENT_ID and ORDERS_AUDIENCE: 10-entra.sh.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

: "${ORDERS_CLIENT_ID:?run 10-entra.sh and set what it prints}"
: "${ORDERS_AUDIENCE:?run 10-entra.sh and set what it prints}"
state="$("$HERE/state.sh")"
eval "$state"
say "Public access: $PUBLIC_NETWORK_ACCESS; the vault is filled: $VAULT_FILLED"
operator="${OPERATOR_ID:-$(az ad signed-in-user show --query id --output tsv)}"
az deployment sub create --name "$DEPLOYMENT" --location "$LOCATION" \
  --template-file "$INFRA/main.bicep" \
  --parameters environmentName="$ENVIRONMENT" location="$LOCATION" nameSuffix="$NAME_SUFFIX" \
  operatorId="$operator" vaultFilled="$VAULT_FILLED" \
  publicNetworkAccess="$PUBLIC_NETWORK_ACCESS" dependenciesPublicAccess="$DEPENDENCIES_PUBLIC_ACCESS" \
  ordersAudience="$ORDERS_AUDIENCE" ordersClientId="$ORDERS_CLIENT_ID" "${FURTHER[@]}" \
  --output none
say "Deployed. API Management takes up to 45 minutes the first time."
