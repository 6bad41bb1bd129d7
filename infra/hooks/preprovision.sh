#!/usr/bin/env bash
# Before `azd provision`: how far the deployment is goes into azd's environment, so that no run opens what was closed.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -z "${ORDERS_CLIENT_ID:-}" ] || [ -z "${ORDERS_AUDIENCE:-}" ]; then
  echo "Run infra/scripts/10-entra.sh, and 'azd env set' the two lines that it prints." >&2
  exit 1
fi
export ENVIRONMENT="${AZURE_ENV_NAME:?azd sets it}" LOCATION="${AZURE_LOCATION:?azd sets it}"
state="$(infra/scripts/state.sh)"
while IFS='=' read -r key value; do
  azd env set "$key" "$value"
done <<<"$state"
