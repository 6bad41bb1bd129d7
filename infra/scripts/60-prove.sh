#!/usr/bin/env bash
# The private path, proven from inside: run it where clients are (a machine in the VNet or a peered spoke, on-premises
# behind the forwarder). First the gateway's name, address and certificate as a client sees them; then the gateway calls
# the backend itself, and the probe walks the path from its own subnet. Exit code 0: proven.
#
#   ALLOW_WARNINGS=1   degraded will do: a certificate made by 40-fill-vault.sh, for a first look
#   CA_FILE            PEM of the authority of the gateway's certificate, where it is not a public one
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

cd "$ROOT"
umask 077
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
strict=(--strict)
[ -z "${ALLOW_WARNINGS:-}" ] || strict=()
needed PROBE_PATH_JSON | "${PYTHON:-.venv/bin/python}" -m infra.client_path "${CA_FILE:-}" >"$scratch/path.json"
"${PYTHON:-.venv/bin/python}" -m probes check --path "$scratch/path.json" "${strict[@]}"

gateway="$(az apim show --resource-group "$APP_GROUP" --name "$GATEWAY_NAME" --query id --output tsv)"
# In a file, and not on a command line that every process of the machine sees.
az rest --method post --url "$gateway/subscriptions/operators/listSecrets?api-version=2024-05-01" \
  --query "join('', ['Ocp-Apim-Subscription-Key: ', primaryKey])" --output tsv >"$scratch/header"
trust=()
[ -z "${CA_FILE:-}" ] || trust=(--cacert "$CA_FILE")
curl --silent --show-error --fail --max-time 40 "${trust[@]}" --header "@$scratch/header" --header 'Accept: text/plain' \
  --dump-header "$scratch/answer" "https://$(needed GATEWAY_HOST)/diagnostics/diagnose"
verdict="$(sed -n 's/^x-probe-verdict: *\([a-z]*\).*/\1/ip' "$scratch/answer")"
case "$verdict" in
  proven) ;;
  degraded) [ -n "${ALLOW_WARNINGS:-}" ] || fail "Not proven: degraded." ;;
  *) fail "Not proven: ${verdict:-no verdict}." ;;
esac
say "Proven."
