#!/usr/bin/env bash
# Stage one: resource group, network, rules, private zones and their links. Nothing is reachable, so nothing can leak.
set -euo pipefail
# shellcheck source=infra/scripts/settings.sh
source "$(dirname "$0")/settings.sh"

for provider in Microsoft.App Microsoft.Web Microsoft.ApiManagement Microsoft.Network Microsoft.Insights; do
  # Flex Consumption's subnet needs Microsoft.App, which nobody registers by using Functions.
  az provider register --namespace "$provider" --wait
done
az deployment sub create --name "$DEPLOYMENT-network" --location "$LOCATION" \
  --template-file "$INFRA/network.bicep" \
  --parameters environmentName="$ENVIRONMENT" location="$LOCATION" \
  --output none
say "The network is there. On-premises DNS: forward azurewebsites.net, $LOCATION's storage and vault zones to it now."
