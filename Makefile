# Trailbook's tasks. `make` alone lists them.
PY ?= python3
PORT ?= 8080
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps

.DEFAULT_GOAL := help
.PHONY: help run test test-postgres-15 test-ray faults simulate check compiled bench bench-backtest bench-workspace bench-growth lock clean

help: ## list the tasks
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

run: $(VENV)/run.stamp ## everything on an embedded Postgres, with the sample, at port 8080 (PORT changes it)
	@PORT=$(PORT) exec $(BIN)/trailbook serve --all

test: $(VENV)/test.stamp ## everything green: style, types, import contracts, tests
	@$(MAKE) --no-print-directory -j 2 --output-sync check compiled
	@$(BIN)/python -m pytest -n 3 --dist worksteal

test-postgres-15: $(VENV)/test.stamp ## the log and the projections on Debian's PostgreSQL 15 (apt-get install postgresql-15)
	@TRAILBOOK_TEST_POSTGRES=/usr/lib/postgresql/15 $(BIN)/python -m pytest -n auto --maxprocesses 4 tests/event_log tests/projections

test-ray: ## backtests on a Ray of two workers, in an environment of its own (.venv-ray, 1.2 GB)
	@$(MAKE) --no-print-directory VENV=.venv-ray .venv-ray/ray.stamp
	@.venv-ray/bin/python -m pytest tests/ray

faults: $(VENV)/test.stamp ## kill, freeze, cut and fill it up for MINUTES (10), then the failure list (25 more); SEED repeats a run
	@$(BIN)/python -m tests.faults --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))
MINUTES := 10

simulate: $(VENV)/test.stamp ## SEEDS (10000) stories of intake, followers and faults in one thread, from seed FROM (0) on
	@$(BIN)/python -m tests.simulation $(SEEDS) $(FROM)
SEEDS := 10000
FROM := 0

check: $(VENV)/test.stamp ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

compiled: $(VENV)/test.stamp
	@$(BIN)/python -m tests.warm

bench: $(VENV)/test.stamp ## what it costs, side by side with the obvious alternative, as ratios; about 4 minutes
	@$(BIN)/python -m bench

bench-backtest: $(VENV)/test.stamp ## backtests of FACTS (100000000: 8 to 15 minutes, 5 GB in FOLDER; 100000: a minute or two); KEEP=1 leaves the archives
	@$(BIN)/python -m bench.backtest $(FACTS) $(if $(FOLDER),--folder $(FOLDER)) $(if $(KEEP),--keep)
FACTS := 100000000

bench-workspace: $(VENV)/test.stamp ## stage, trail and day list on a living sample of CUSTOMERS (50000: 20 minutes)
	@$(BIN)/python -m bench.workspace $(CUSTOMERS)
CUSTOMERS := 50000

bench-growth: $(VENV)/test.stamp ## intake and questions on a log of 1, 3 and 10 million facts (15 minutes, 12 GB)
	@$(BIN)/python -m bench.growth

lock: ## (developers) renew the hash-pinned requirement files; needs uv
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH: pip install uv"; exit 1; }
	cd requirements && uv pip compile -q run.in test.in -o all.txt $(LOCK) && uv pip compile -q run.in -c all.txt -o run.txt $(LOCK) && uv pip compile -q ray.in -c all.txt -o ray.txt $(LOCK)
LOCK := --generate-hashes --no-emit-index-url --no-annotate --no-header --universal --python-version 3.11

clean: ## remove the environment and caches; data under .trailbook/ stays
	rm -rf $(VENV) .venv-ray .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Trailbook needs Python 3.11 or later; name one with make PY=python3.12"; exit 1; }
	@$(PY) -m venv $(VENV) || { echo "Python's venv is missing here: install python3-venv"; exit 1; }

$(VENV)/run.stamp: $(VENV)/bin/python requirements/run.txt pyproject.toml
	@echo "Installing what Trailbook needs (once, about half a minute) ..."
	@$(PIP) --require-hashes -r requirements/run.txt 2> $(VENV)/pip.log || { cat $(VENV)/pip.log; exit 1; }
	@$(PIP) --no-build-isolation -e . 2> $(VENV)/pip.log || { cat $(VENV)/pip.log; exit 1; }
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements/all.txt
	@echo "Installing what its tests need ..."
	@$(PIP) --require-hashes -r requirements/all.txt 2> $(VENV)/pip.log || { cat $(VENV)/pip.log; exit 1; }
	@touch $@

$(VENV)/ray.stamp: $(VENV)/test.stamp requirements/ray.txt
	@echo "Installing Ray ..."
	@$(PIP) --require-hashes -r requirements/ray.txt 2> $(VENV)/pip.log || { cat $(VENV)/pip.log; exit 1; }
	@touch $@
