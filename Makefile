PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install test check demo format lock bench soak clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## set everything up in .venv

# One environment with hashed, pinned packages; nothing outside of it is used or needed.
$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

test: install ## run all tests
	$(BIN)/python -m pytest -n auto

check: install ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: install ## the whole story on a local Graph, without a tenant
	@$(BIN)/reconcile demo

format: install ## format the code and sort its imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: install ## pin what pyproject.toml asks for
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra daemon --extra dev --extra nats --extra otel --extra postgresql --output-file requirements.lock pyproject.toml

# As users install it: a wheel with what it needs, at the locked versions and hashes, and nothing for developers.
bench: install ## measure speed and memory, in about ten minutes
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .bench/venv
	@rm -rf .bench/wheel
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir .bench/wheel .
	@$(BIN)/uv pip install --quiet --python .bench/venv/bin/python --compile-bytecode --verify-hashes \
	  --reinstall-package reconciler --constraint requirements.lock "$$(ls .bench/wheel/*.whl)[daemon]"
	@env -u PYTHONDONTWRITEBYTECODE .bench/venv/bin/python -m bench

# SOAK_NOTIFICATIONS, SOAK_KILLS and SOAK_SEED say how much; SOAK_STALLED_SECONDS=3600 also watches an hour's memory.
# SOAK_MONTH_SUBSCRIPTIONS, SOAK_MONTH_HOURLY, SOAK_MONTH_DAYS and SOAK_MONTH_SEED are those of the simulated month.
soak: install ## a month of the daemon in virtual time; many notifications, a receiver that is killed, nothing lost
	@SOAK_NOTIFICATIONS=$${SOAK_NOTIFICATIONS:-100000} SOAK_KILLS=$${SOAK_KILLS:-100} \
	  SOAK_MONTH_SUBSCRIPTIONS=$${SOAK_MONTH_SUBSCRIPTIONS:-9900} SOAK_MONTH_HOURLY=$${SOAK_MONTH_HOURLY:-100} \
	  SOAK_MONTH_DAYS=$${SOAK_MONTH_DAYS:-30} SOAK_MONTH_INTERVAL=$${SOAK_MONTH_INTERVAL:-12} \
	  $(BIN)/python -m pytest tests/soak --capture=no --quiet

clean: ## remove what make and the tests leave behind
	rm -rf $(VENV) .bench .emulator .demo .hypothesis .mypy_cache .pytest_cache .ruff_cache
