#!/usr/bin/env bash
# The private path, proven from inside: run it where clients are (a machine in the VNet or a peered spoke, on-premises
# behind the forwarder). It looks as a client does, has the probe app look from its own subnet by way of the gateway, and
# finds the call in the workspace. Exit code 0: every stage is proven.
#
#   PROOF     where the evidence goes, proof.json by default
#   CA_FILE   PEM of the authority of the gateway's certificate, where it is not a public one
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

proof="$(absolute "${PROOF:-proof.json}")"
cd "$ROOT"
umask 077
deployed_path
gateway_key
"${PYTHON:-.venv/bin/python}" -m probes prove --path "$PATH_FILE" --vantage client \
  --diagnose "https://$(needed GATEWAY_HOST)/diagnostics/diagnose" --key-setting GATEWAY_KEY \
  --workspace "$(needed WORKSPACE_ID)" -o "$proof"
say "Proven: $proof"
