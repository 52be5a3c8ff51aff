# Trailbook's tasks. `make` alone lists them.
PY ?= python3
PORT ?= 8080
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-workspace lock clean

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

run: $(VENV)/run.stamp ## everything on an embedded Postgres, with the sample, at port 8080 (PORT changes it)
	@PORT=$(PORT) exec $(BIN)/trailbook serve --all

test: $(VENV)/test.stamp ## everything green: style, types, import contracts, tests
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

check: $(VENV)/test.stamp ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/test.stamp ## what it costs, side by side with the obvious alternative, as ratios; about 90 seconds
	@$(BIN)/python -m bench

bench-workspace: $(VENV)/test.stamp ## stage, trail and day list on a living sample of CUSTOMERS (50000: 20 minutes)
	@$(BIN)/python -m bench.workspace $(CUSTOMERS)
CUSTOMERS := 50000

lock: ## (developers) renew the hash-pinned requirement files; needs uv
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH: pip install uv"; exit 1; }
	cd requirements && uv pip compile -q run.in test.in -o all.txt $(LOCK) && uv pip compile -q run.in -c all.txt -o run.txt $(LOCK)
LOCK := --generate-hashes --no-emit-index-url --no-annotate --no-header --universal --python-version 3.11

clean: ## remove the environment and caches; data under .trailbook/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

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
