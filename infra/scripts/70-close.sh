#!/usr/bin/env bash
# Public access off: refused where the path is not proven, undone where the proof fails afterwards. Run it inside. It is
# `probes close` with the deployment's names; docs/close.md says what it guarantees. Exit code 3: closed, and the outside is
# still to be shown; what it prints last finishes it.
#
#   WITH_DEPENDENCIES=1   storage and vault as well. Packages and secrets are then put there from inside only.
#   YES=1                 do not ask
#   PROOF, CA_FILE        as in 60-prove.sh
#   SETTLE_S              what front ends take to follow at least, 120 by default
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

proof="$(absolute "${PROOF:-proof.json}")"
PROOF="$proof" "$HERE/60-prove.sh" || fail "Nothing was closed: the private path is not proven."

options=(--settle "${SETTLE_S:-120}")
[ -z "${YES:-}" ] || options+=(--yes)
providers="/subscriptions/$(az account show --query id --output tsv)/resourceGroups/$APP_GROUP/providers"
list="$(apps)"
for app in $list; do
  options+=(--also "$providers/Microsoft.Web/sites/$app")
done
if [ -n "${WITH_DEPENDENCIES:-}" ]; then
  account="$(storage_name stprobe)"
  options+=(--with-dependencies --also "$providers/Microsoft.Storage/storageAccounts/$account")
fi
cd "$ROOT"
gateway_key
exec "${PYTHON:-.venv/bin/python}" -m probes close --path "$PATH_FILE" --proof "$proof" "${options[@]}"
