# make          check every rule, prove it on its cases, write dist/detections.ndjson
# make test     the whole test suite
# make help     every target

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q
JOBS   ?= 2
QUICK  := -k "not public" --hypothesis-profile=quick
FUZZ_JOBS ?= 1
FACTS  ?= ../shared/data/fields
LOCK   := $(BIN)/uv pip compile pyproject.toml -q --universal --python-version 3.11 \
          --generate-hashes --no-header --no-emit-index-url --no-annotate

.PHONY: main deploy check export site kibana test unit coverage fuzz mutants fmt lint types build bench generate extracts fields lock clean help
.DEFAULT_GOAL := main

main: $(VENV)/main.stamp ## check, prove and bundle the rules (the default)
	@$(BIN)/detections build

deploy: $(VENV)/main.stamp ## check and prove every rule, then bring them into Kibana (ENV=name; YES=1 does not ask; BUMP=1)
	@$(BIN)/detections apply --all $(if $(ENV),-e $(ENV)) $(if $(BUMP),--bump) $(if $(YES),--yes)

kibana: $(VENV)/dev.stamp ## a stand-in for a Kibana to try deployments with, until Ctrl-C (PORT=5601)
	@$(BIN)/python tests/kibana/serve.py $(or $(PORT),5601)

check: $(VENV)/main.stamp ## check every rule
	@$(BIN)/detections check

export: $(VENV)/main.stamp ## write dist/detections.ndjson
	@$(BIN)/detections export

site: $(VENV)/dev.stamp ## write the pages of the rules into dist/site
	@$(BIN)/detections site

test: $(VENV)/dev.stamp ## the whole test suite
	@$(BIN)/python -m pytest -n $(JOBS)

unit: $(VENV)/dev.stamp ## the unit tests, for every few minutes: no Elasticsearch, no corpus, fewer made-up examples
	@$(BIN)/python -m pytest -n $(JOBS) $(QUICK) tests/unit

coverage: $(VENV)/dev.stamp ## the same, the command line and the stand-in for Kibana, with the coverage of branches
	@$(BIN)/python -m pytest -n $(JOBS) $(QUICK) --cov --cov-report=term tests/unit tests/cli tests/kibana

fuzz: $(VENV)/dev.stamp ## hostile inputs to every boundary (MINUTES=60, FUZZ_JOBS=1, SEED, BOUNDARIES; INPUT=file: one of them)
	@PYTHONPATH=tests/hostile:tests/support $(BIN)/python -m fuzz $(if $(INPUT),--input $(INPUT) $(if $(SHRINK),--shrink),\
		--minutes $(or $(MINUTES),5) --jobs $(FUZZ_JOBS) $(if $(SEED),--seed $(SEED)) $(BOUNDARIES))

mutants: $(VENV)/dev.stamp ## changes of the code that no unit test notices (ROOMS="case payload/diff": rooms or modules; hours)
	@.ci/mutants $(ROOMS)

fmt: $(VENV)/main.stamp ## lay out the rule files in one way
	@$(BIN)/detections fmt

lint: $(VENV)/dev.stamp ## style, the layout of rules and the order of the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/detections fmt --check

build: $(VENV)/dev.stamp ## the wheel and the sdist, into dist/
	@$(BIN)/python -m build --no-isolation --outdir dist .

types: $(VENV)/dev.stamp ## static types
	@$(BIN)/mypy

bench: $(VENV)/dev.stamp ## what is measured, each figure with its command
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

generate: $(VENV)/dev.stamp ## make again what is made from the repo itself (schema, pages of checks, limits, settings, commands)
	@$(BIN)/python -m detections.rule.jsonschema
	@$(BIN)/python -m detections.checks.pages
	@$(BIN)/python -m detections.values.limits
	@$(BIN)/python -m detections.cli.settings
	@$(BIN)/python -m detections.cli.reference

extracts: ## fetch what etc/ is extracted from, and make it again (needs npm)
	@$(PYTHON) -m venv build/extracts
	@build/extracts/bin/python -m pip --disable-pip-version-check -q install -r etc/make/requirements.txt
	@for extract in ecs attack aws elasticsearch; do build/extracts/bin/python etc/make/$$extract.py || exit 1; done

fields: ## make etc/fields again from what was read of integrations, Beats and Endpoint (FACTS=folder)
	@$(PYTHON) etc/make/fields.py $(FACTS)

lock: ## resolve the pinned, hashed requirements anew
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(PIP) install uv; }
	@$(LOCK) --group build --group dev --extra elasticsearch --extra enrich --extra fast --extra lsp --extra pandas --extra polars --extra s3 --extra site --extra watch -o requirements/dev.txt
	@$(LOCK) --group build -c requirements/dev.txt -o requirements/main.txt
	@$(subst pyproject.toml ,,$(LOCK)) --group mutants -o requirements/mutants.txt

$(VENV)/main.stamp: requirements/main.txt pyproject.toml
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing requirements/main.txt"
	@$(PIP) install --require-hashes -r requirements/main.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/main.stamp
	@echo "installing requirements/dev.txt"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

clean: ## remove what was built and installed
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12
