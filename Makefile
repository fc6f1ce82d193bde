# Kith's front door. Every target makes .venv first if it is missing; only python3.11+ and make are assumed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
export UV_SYSTEM_CERTS := 1
export NODE_USE_SYSTEM_CA := 1
UV_VERSION := 0.13.9
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
UV := $(BIN)/uv
MEMBERS := tenants platform workers $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
WEB := platform/kith_platform/web
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--no-emit-package kith-tenants --no-emit-package kith-platform --no-emit-package kith-workers \
	--custom-compile-command "make lock"

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9_-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.ready: requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@test -n "$(PYTHON)" || { echo "Kith needs Python 3.11 or newer with venv. Install it, or run: make PYTHON=/path/to/python3 …"; exit 1; }
	@echo "› Environment: installing the locked libraries into .venv (about 1.3 GB, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps $(foreach m,$(MEMBERS),-e $(m))
	@touch $@

$(WEB)/static/dist/.ready: $(WEB)/assets/package-lock.json $(wildcard $(WEB)/assets/*.js $(WEB)/assets/*.mjs $(WEB)/assets/*.css $(WEB)/assets/*/*.js) | .venv/.ready
	@$(BIN)/python $(WEB)/assets/build.py
	@touch $@

$(WEB)/translations/.ready: $(wildcard $(WEB)/translations/*/*.po plugins/*/kith_plugins/*/translations/*/*.po) | .venv/.ready
	@$(BIN)/python $(WEB)/translations/build.py
	@touch $@

ready: .venv/.ready $(WEB)/static/dist/.ready $(WEB)/translations/.ready

demo: ready ## The product with two demo companies on embedded servers, at http://127.0.0.1:8000
	@$(BIN)/kith up --demo

test: ready ## Every test (browser tests where a Chromium is found)
	@$(BIN)/pytest -n auto --dist loadfile

e2e: ready ## The browser tests alone
	@$(BIN)/pytest tests/e2e

lint: ready ## ruff, mypy strict, import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@MYPYPATH=$$(echo $(MEMBERS) | tr ' ' ':') $(BIN)/mypy $(foreach p,kith_tenants kith_platform kith_workers,-p $(p)) $(foreach m,$(filter plugins/%,$(MEMBERS)),-p kith_plugins.$(notdir $(m)))
	@$(BIN)/lint-imports --config pyproject.toml

bench: ready ## Measure the budgets of DESIGN §11; prints a table, writes bench/results.json
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-bench.lock
	@$(BIN)/python -m bench

chaos: ready ## The long kill series: workers, Redis, PostgreSQL
	@$(BIN)/pytest -m chaos tests/chaos

lock: ## Resolve the libraries again into the lock files
	@test -x $(UV) || { test -x $(BIN)/python || $(PYTHON) -m venv .venv; $(BIN)/python -m pip install --quiet uv==$(UV_VERSION); }
	$(LOCK) --group dev $(foreach m,$(MEMBERS),$(m)/pyproject.toml) -o requirements.lock
	$(LOCK) --group bench -c requirements.lock -o requirements-bench.lock

.PHONY: help ready demo test e2e lint bench chaos lock
