#!/usr/bin/env bash
# After `azd deploy`: roles for the two callers and, the first time, what the gateway needs from the vault. Both change
# nothing where it is done already.
set -euo pipefail
cd "$(dirname "$0")/../.."

export ENVIRONMENT="${AZURE_ENV_NAME:?azd sets it}" LOCATION="${AZURE_LOCATION:?azd sets it}"
infra/scripts/50-grant.sh
if [ "${VAULT_FILLED:-false}" != true ]; then
  infra/scripts/40-fill-vault.sh
  echo "Now 'azd provision' once more: the gateway takes its names and the diagnostics API from what is in the vault."
fi
