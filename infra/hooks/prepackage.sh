#!/usr/bin/env bash
# Before `azd package`: the folders that it zips.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x .venv/bin/python ] || make .venv/ready
.venv/bin/python -m infra.package --output dist
