#!/usr/bin/env bash
# The gateway's certificate and the probe's function key into the vault, and the key into the probe. What is there stays.
#
#   CERTIFICATE_FILE   PFX for api, portal and management of the enterprise zone, with its chain. Without it one is made
#                      that nobody trusts: enough to see the path work, and the probe will say certificate-untrusted.
#   ENTERPRISE_ZONE    internal.example.com by default
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

vault="$(vault_name)"
[ -n "$vault" ] || fail "There is no vault in $APP_GROUP: run 20-deploy.sh first."
zone="${ENTERPRISE_ZONE:-internal.example.com}"
umask 077
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

if az keyvault certificate show --vault-name "$vault" --name gateway-certificate --output none 2>/dev/null; then
  say "gateway-certificate is in the vault already."
elif [ -n "${CERTIFICATE_FILE:-}" ]; then
  az keyvault certificate import --vault-name "$vault" --name gateway-certificate --file "$CERTIFICATE_FILE" --output none
else
  cat >"$scratch/policy.json" <<JSON
{
  "issuerParameters": {"name": "Self"},
  "keyProperties": {"exportable": true, "keySize": 2048, "keyType": "RSA", "reuseKey": false},
  "secretProperties": {"contentType": "application/x-pkcs12"},
  "x509CertificateProperties": {
    "subject": "CN=api.$zone",
    "subjectAlternativeNames": {"dnsNames": ["api.$zone", "portal.$zone", "management.$zone"]},
    "ekus": ["1.3.6.1.5.5.7.3.1"],
    "validityInMonths": 12
  }
}
JSON
  az keyvault certificate create --vault-name "$vault" --name gateway-certificate --policy "@$scratch/policy.json" \
    --output none
fi

if ! az keyvault secret show --vault-name "$vault" --name probe-function-key --output none 2>/dev/null; then
  # Through a file: what stands on a command line is seen by every process of the machine.
  head -c 32 /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_' >"$scratch/key"
  az keyvault secret set --vault-name "$vault" --name probe-function-key --file "$scratch/key" --encoding utf-8 \
    --output none
fi
# The host must run for this, so the package comes first. The body is a file for the same reason as above.
az keyvault secret show --vault-name "$vault" --name probe-function-key \
  --query "{properties: {name: 'gateway', value: value}}" --output json >"$scratch/body.json"
site="$(az resource show --resource-group "$APP_GROUP" --resource-type Microsoft.Web/sites --name "$PROBE_APP" \
  --query id --output tsv)"
az rest --method put --url "$site/host/default/functionKeys/gateway?api-version=2025-03-01" \
  --body "@$scratch/body.json" --output none
say "The vault is filled. Now 20-deploy.sh once more."
