# Every target does its own set-up: a virtual environment with exactly what requirements-dev.txt locks.
# Needs Python 3.13 and the package index; `make PYTHON=/path/to/python3.13 ...` names another one. The tests store orders
# in Microsoft's storage emulator and read queries with its parser of KQL: `make test` needs Node.js from 20 on with npm.
# They look at the HTML pages in Chromium, where there is one.

PYTHON ?= $(shell command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
AZURITE := .lab/azurite
KQL := .lab/kql
PAGES := .lab/pages
UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements-dev.txt)

.DEFAULT_GOAL := help
.PHONY: help demo test chromium mutants bench lint goldens docs lock clean

help: ## what can be done here
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

demo: $(VENV)/ready ## the main job on the embedded lab: the path proven, broken in several ways, watched, closed by a proof
	@$(BIN)/python -m lab.demo

test: $(VENV)/ready $(AZURITE)/ready $(KQL)/ready $(PAGES)/ready chromium ## all tests
	$(BIN)/python -m pytest $(ARGS)

mutants: $(VENV)/ready ## take each check of the orders app's identity out, and see that an attack gets through (minutes)
	$(BIN)/python -m tests.orders.mutants $(ARGS)

bench: $(VENV)/ready ## measure the probe against blackbox_exporter on the same targets (ARGS=--quick, ARGS=--readme)
	$(BIN)/python -m bench $(ARGS)

lint: $(VENV)/ready ## style, types, and that everything generated is up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy orders/function_app.py
	$(BIN)/python -m probes.tell.reference --check
	$(BIN)/python -m probes.proof.reference --check

goldens: $(VENV)/ready ## write the golden observations and findings anew; then look at the difference
	$(BIN)/python -m tests.goldens
	$(BIN)/python -m tests.proof.goldens

docs: $(VENV)/ready ## write the generated pages anew
	$(BIN)/python -m probes.tell.reference
	$(BIN)/python -m probes.proof.reference

# The locks name versions and hashes, and no index: any mirror will do.
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate
lock: $(VENV)/ready ## resolve anew (ARGS=--upgrade), and export what runs in Azure
	$(COMPILE) $(ARGS) --group dev pyproject.toml --output-file requirements-dev.txt
	$(COMPILE) --constraint requirements-dev.txt pyproject.toml --output-file requirements.txt
	$(COMPILE) --constraint requirements-dev.txt --group orders --output-file orders/requirements.txt

clean: ## remove what the targets made
	rm -rf $(VENV) .lab .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/ready: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
	  echo "This project needs Python 3.13 (.python-version); $(PYTHON) is another. Name one: make PYTHON=/path/to/python3.13" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements-dev.txt
	@touch $@

# Scripts of packages are not run: none of them is needed here.
$(AZURITE)/ready: $(addprefix tests/azurite/,package.json package-lock.json .npmrc)
	@command -v npm >/dev/null || { echo "The tests need Node.js from 20 on, with npm: they run Azurite." >&2; exit 2; }
	@mkdir -p $(AZURITE)
	@cp $^ $(AZURITE)
	@cd $(AZURITE) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(KQL)/ready: $(addprefix tests/kql/,package.json package-lock.json .npmrc)
	@command -v npm >/dev/null || { echo "The tests need Node.js from 20 on, with npm: they run Microsoft's parser of KQL." >&2; exit 2; }
	@mkdir -p $(KQL)
	@cp $^ $(KQL)
	@cd $(KQL) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(PAGES)/ready: $(addprefix tests/page/,package.json package-lock.json .npmrc .htmlvalidate.json)
	@command -v npm >/dev/null || { echo "The tests need Node.js from 20 on, with npm: they run axe and html-validate." >&2; exit 2; }
	@mkdir -p $(PAGES)
	@cp $^ $(PAGES)
	@cd $(PAGES) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# The browser is the system's. Only CI, which says REQUIRE_CHROMIUM=1, has it installed by this.
chromium:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if [ -z "$$REQUIRE_CHROMIUM" ]; then echo "There is no Chromium here (Debian: apt-get install chromium): tests of the pages are skipped." >&2; exit 0; fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
