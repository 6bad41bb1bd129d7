#!/usr/bin/env bash
# Read by the other scripts: what to deploy and where, from the environment. Nothing here is a secret.
#
#   ENVIRONMENT   ends all names; prod by default
#   LOCATION      westeurope by default
#   NAME_SUFFIX   appended to the names that must be free in all of Azure
#   PARAMETERS    further parameters of main.bicep, as "withResolver=true hosting=elastic-premium"

# Or a failure inside $( ) would be an empty answer.
shopt -s inherit_errexit

ENVIRONMENT="${ENVIRONMENT:-prod}"
LOCATION="${LOCATION:-westeurope}"
NAME_SUFFIX="${NAME_SUFFIX:-}"
read -r -a FURTHER <<<"${PARAMETERS:-}"
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
INFRA="$(dirname "$HERE")"
ROOT="$(dirname "$INFRA")"
DEPLOYMENT="private-path-$ENVIRONMENT"

# By the rule of main.bicep, and not from a deployment's outputs: a deployment that failed has none.
APP_GROUP="rg-api-$ENVIRONMENT"
ORDERS_APP="func-orders-$ENVIRONMENT${NAME_SUFFIX:+-$NAME_SUFFIX}"
PROBE_APP="func-probe-$ENVIRONMENT${NAME_SUFFIX:+-$NAME_SUFFIX}"
PROBE_TIMER_APP="func-probe-timer-$ENVIRONMENT${NAME_SUFFIX:+-$NAME_SUFFIX}"
GATEWAY_NAME="apim-internal-$ENVIRONMENT${NAME_SUFFIX:+-$NAME_SUFFIX}"
# The deployed path as this machine has it; it stays, since whoever goes on with a closure has to name it again.
PATH_FILE="${PATH_FILE:-$PWD/private-path-$ENVIRONMENT.json}"
export PATH_FILE ENVIRONMENT LOCATION NAME_SUFFIX FURTHER HERE INFRA ROOT DEPLOYMENT
export APP_GROUP ORDERS_APP PROBE_APP PROBE_TIMER_APP GATEWAY_NAME

say() {
  printf '%s\n' "$*" >&2
}

fail() {
  say "$*"
  exit 1
}

# What a deployment knows and no rule gives. azd has it in the environment.
needed() {
  local value="${!1:-}"
  [ -n "$value" ] || value="$(az deployment sub show --name "$DEPLOYMENT" \
    --query "properties.outputs.$1.value" --output tsv)"
  [ -n "$value" ] || fail "The deployment $DEPLOYMENT has no output $1: run 20-deploy.sh first."
  printf '%s' "$value"
}

absolute() {
  case "$1" in
    /*) printf '%s' "$1" ;;
    *) printf '%s' "$PWD/$1" ;;
  esac
}

# Written beside its place first: half a path file is none. CA_FILE: authority of the gateway's certificate.
deployed_path() {
  needed PROBE_PATH_JSON | "${PYTHON:-.venv/bin/python}" -m infra.client_path "${CA_FILE:-}" >"$PATH_FILE.draft"
  mv "$PATH_FILE.draft" "$PATH_FILE"
}

# With which the gateway lets an operator ask the probe app. In the environment, and not on a command line that every
# process of the machine sees.
gateway_key() {
  local gateway
  gateway="$(az apim show --resource-group "$APP_GROUP" --name "$GATEWAY_NAME" --query id --output tsv)"
  GATEWAY_KEY="$(az rest --method post --query primaryKey --output tsv \
    --url "$gateway/subscriptions/operators/listSecrets?api-version=2024-05-01")"
  export GATEWAY_KEY
}

vault_name() {
  az keyvault list --resource-group "$APP_GROUP" --query '[0].name' --output tsv
}

storage_name() {
  az storage account list --resource-group "$APP_GROUP" --query "[?starts_with(name, '$1')].name | [0]" --output tsv
}

# publicNetworkAccess of an app as Azure has it now, nothing where there is no such app. `az functionapp show` gives null
# for it on Flex Consumption, and null is no proof of anything: the resource itself is asked.
access_of() {
  local status=0
  az resource show --resource-group "$APP_GROUP" --resource-type Microsoft.Web/sites --name "$1" \
    --query properties.publicNetworkAccess --output tsv 2>/dev/null || status=$?
  # 3: there is none. Anything else is not known, and what is not known is not open.
  [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || fail "$1 cannot be read (az: $status)."
}

# The apps that there are: the timer has one of its own on Elastic Premium only.
apps() {
  local timer
  timer="$(access_of "$PROBE_TIMER_APP")"
  printf '%s\n' "$ORDERS_APP" "$PROBE_APP"
  [ -z "$timer" ] || printf '%s\n' "$PROBE_TIMER_APP"
}
