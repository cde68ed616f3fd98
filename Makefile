# Every target sets up what it needs itself, in .venv. `make help` lists them.
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do \
	$$each -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$each; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
CACHE := .cache
PYTEST := $(BIN)/python -m pytest
# Most tests wait for a broker or a process, so they run side by side; those that hold a figure of
# time against a bar run by themselves.
BESIDE := -m "not alone" -n 3 --dist loadfile --no-loadscope-reorder --durations 60

# What tests fetch where they find the programs for it.
FETCHED = $(if $(shell command -v npm),$(CACHE)/webhooks/ready) \
	$(if $(shell command -v java >/dev/null && command -v mvn),kafka)

PROMTOOL := $(or $(shell command -v promtool),$(CACHE)/prometheus/usr/bin/promtool)

RUN_READY := $(VENV)/.ready-to-run
TEST_READY := $(VENV)/.ready-to-test

.DEFAULT_GOAL := help
.PHONY: help install run test test-unit test-integration test-acceptance lint fmt types bench \
	bench-full bench-overview bench-check bench-docs \
	chaos conformance fuzz webhooks docs wheel clean dashboard dashboard-packages dashboard-test lighthouse \
	screenshots test-ready test-browser site deploy-check promtool kafka

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(TEST_READY) ## Make .venv with everything that development needs

run: $(RUN_READY) ## Run everything on this machine: broker, Postgres, S3, a worker, dashboard, sample events
	@scripts/build-dashboard || echo "the dashboard could not be built (no Node, no network?); going on without it" >&2
	@$(BIN)/dataquarantine dev

test: test-ready ## Run all tests (real Kafka too, where Java 17 and Maven are)
	scripts/test-again $(BIN)/python $(BESIDE)
	scripts/test-again $(BIN)/python -m alone --durations 20

test-ready: $(TEST_READY) dashboard $(FETCHED)

test-unit: $(TEST_READY) ## Run the tests that need no broker or database
	$(PYTEST) tests/unit

test-integration: $(TEST_READY) ## Run the tests against real Kafka, Tansu, Postgres and S3
	$(PYTEST) $(BESIDE) tests/integration
	$(PYTEST) -m alone tests/integration

test-browser: $(TEST_READY) dashboard ## Run the dashboard's tests in a real browser (chromium)
	$(PYTEST) tests/browser

lighthouse: $(TEST_READY) dashboard $(CACHE)/lighthouse/ready ## Let Lighthouse rate the accessibility of every page (two minutes; chromium)
	$(PYTEST) -s tests/browser/lighthouse_rating.py

screenshots: $(TEST_READY) dashboard ## Take a picture of every page of the dashboard in both themes
	DASHBOARD_SCREENSHOTS=$(CACHE)/screenshots $(PYTEST) tests/browser/test_pages.py -k readable
	@echo "they are in $(CACHE)/screenshots"

test-acceptance: $(TEST_READY) ## Run the tests that drive the real commands
	$(PYTEST) tests/acceptance

lint: $(TEST_READY) ## Report what fmt and the other checkers would change
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/dataquarantine schema lint schemas
	$(BIN)/hadolint Dockerfile
	$(BIN)/docker-compose -f docker-compose.yml config -q

fmt: $(TEST_READY) ## Repair formatting and imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(TEST_READY) ## Check the types of package and tests
	$(BIN)/mypy

bench: $(TEST_READY) $(CACHE)/contenders/ready ## Measure throughput beside all contenders (about 5 minutes; real Kafka with Java 17 and Maven)
	$(BIN)/python -m benchmarks

bench-full: $(TEST_READY) $(CACHE)/contenders/ready ## Measure latency, growth, dry runs, start-up and sinks too (about an hour)
	$(BIN)/python -m benchmarks --full

bench-overview: $(TEST_READY) dashboard ## Measure what an open overview costs its browser (MINUTES=10; real Kafka with Java 17 and Maven)
	$(BIN)/python -m benchmarks.overview --minutes $(or $(MINUTES),10)

bench-check: $(TEST_READY) ## Fail when a record costs over 10 % more CPU, relative to a bare loop, than the baseline
	$(BIN)/python -m benchmarks.check

bench-docs: $(TEST_READY) ## Write the last results into docs/performance.md and the capacity model
	$(BIN)/python -m benchmarks.report

chaos: $(TEST_READY) ## Break things for SECONDS (SEED, RUNS, DELIVERY, RATE; RECORD=1 adds to the docs)
	$(BIN)/python -m tests.chaos --seed $(or $(SEED),1) --runs $(or $(RUNS),1) \
		--delivery $(or $(DELIVERY),at_least_once) --seconds $(or $(SECONDS),180) \
		--rate $(or $(RATE),3000) $(if $(RECORD),--record)

conformance: $(TEST_READY) ## Judge the official JSON Schema suite, engine by engine
	$(BIN)/python -m tests.conformance

fuzz: $(TEST_READY) ## Compare both JSON Schema engines on 100,000 pairs of a fixed seed and of a random one
	$(BIN)/python -m tests.conformance.fuzz --pairs 100000 --seed 7
	$(BIN)/python -m tests.conformance.fuzz --pairs 100000

webhooks: $(TEST_READY) $(CACHE)/webhooks/ready ## Judge GitHub's webhook payloads and write docs/reference/webhooks.md
	$(BIN)/python -m tests.webhooks

docs: $(TEST_READY) ## Write the reference pages of commands, settings and metrics
	$(BIN)/python -m tests.reference

dashboard: dashboard-packages ## Build the dashboard, if its sources have changed (Node 20, else one from a wheel)
	@scripts/build-dashboard

dashboard-packages: | $(BIN)/python
	@scripts/build-dashboard packages

dashboard-test: dashboard-packages ## Check the dashboard's style and run its unit tests
	@scripts/with-node sh -c "cd dashboard && npm run --silent lint && npm run --silent test"

site: $(CACHE)/tools/ready ## Build the documentation strictly into .cache/site
	NO_MKDOCS_2_WARNING=1 $(CACHE)/tools/bin/mkdocs build --quiet

deploy-check: $(TEST_READY) $(CACHE)/tools/ready $(PROMTOOL) ## Check Compose files, chart, alerts and dashboards
	scripts/check-deploy
	$(PYTEST) tests/unit/deploy

kafka: $(RUN_READY)
	@$(BIN)/python -c "from pathlib import Path; from dataquarantine.dev.kafka import fetch_jars; \
		fetch_jars(Path('$(CACHE)'))"

promtool: $(PROMTOOL) ## Fetch promtool, which tests the alerts (Debian's package, not installed)

wheel: $(TEST_READY) dashboard ## Build the wheel and try it in an environment of its own
	scripts/check-wheel $(PYTHON)

clean: ## Remove what was built, cached or measured; keeps .dq and .venv
	rm -rf build dist *.egg-info dashboard/out dashboard/.next $(CACHE) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -not -path './dashboard/node_modules/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" \
		|| { echo "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/it" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_READY): setup.cfg pyproject.toml requirements.txt | $(BIN)/python
	@echo "installing into $(VENV) (a minute or two)"
	$(PIP) install -r requirements.txt
	$(PIP) install --no-deps --editable .
	@touch $@

$(TEST_READY): $(RUN_READY) requirements-test.txt
	@echo "installing the tests' packages into $(VENV)"
	$(PIP) install -r requirements-test.txt
	@touch $@

$(CACHE)/tools/ready: requirements-tools.txt
	@echo "installing the documentation's and deployment's tools into $(CACHE)/tools"
	$(PYTHON) -m venv $(CACHE)/tools
	$(CACHE)/tools/bin/pip --disable-pip-version-check --quiet install -r requirements-tools.txt
	@touch $@

$(CACHE)/prometheus/usr/bin/promtool: scripts/fetch-promtool
	scripts/fetch-promtool $(CACHE)/prometheus

# Other stream libraries, only to compare with: their requirements never meet the product's.
$(CACHE)/contenders/ready: benchmarks/contenders/requirements.txt | $(BIN)/python
	$(PYTHON) -m venv $(CACHE)/contenders
	$(CACHE)/contenders/bin/pip --disable-pip-version-check --quiet install -r $<
	@touch $@

$(CACHE)/webhooks/ready: scripts/fetch-webhooks
	scripts/fetch-webhooks $(CACHE)/webhooks
	@touch $@

$(CACHE)/lighthouse/ready: scripts/fetch-lighthouse $(wildcard tests/browser/lighthouse/*)
	scripts/fetch-lighthouse $(CACHE)/lighthouse
	@touch $@
