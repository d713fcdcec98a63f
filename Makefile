PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install test check demo format lock clean

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
	  --extra daemon --extra dev --output-file requirements.lock pyproject.toml

clean: ## remove what make and the tests leave behind
	rm -rf $(VENV) .emulator .demo .hypothesis .mypy_cache .pytest_cache .ruff_cache
