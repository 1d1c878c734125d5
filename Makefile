# make app opens the dashboard; make test sets up and passes the tests. Both start from nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help app test check texts bench stress clean
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/.runtime: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

app: $(VENV)/.runtime ## Set up and open the dashboard on http://127.0.0.1:8501
	$(BIN)/python -m cnnviz app

test: $(VENV)/.dev ## Set up and run the whole test suite
	@sh tests/system_packages.sh
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: $(VENV)/.dev ## Lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

texts: $(VENV)/.dev ## Bring the translations up to date with the texts, and compile them
	$(BIN)/python tests/make_texts.py

bench: $(VENV)/.dev ## Print speed as ratios to the floor of the same run
	$(BIN)/python -m benchmarks

stress: $(VENV)/.dev ## Long runs: 300 random models, hundreds of views, several sessions at once
	$(BIN)/python -m benchmarks.stress

clean: ## Remove the environment
	rm -rf $(VENV)
