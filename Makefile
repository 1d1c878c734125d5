# make app opens the dashboard; make test sets up and passes the tests. Both start from nothing, with the releases that
# requirements.lock names, each file of them known by its hash; requirements-dev.lock has those of the tests as well.
PYTHON ?= python3
# LOCK= installs the newest releases that the ranges of requirements.txt admit, to see what has drifted.
LOCK ?= requirements.lock
DEV_LOCK := $(LOCK:.lock=-dev.lock)

_MINOR := import sys; print(*sys.version_info[:2], sep=".")
WANTED := $(shell $(PYTHON) -c '$(_MINOR)')
# One environment for the usual Python, one more for each other one, and one for the newest releases.
VENV := .venv$(if $(filter-out python3,$(PYTHON)),-$(WANTED))$(if $(LOCK),,-newest)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NEWEST := --upgrade --upgrade-strategy eager --requirement
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help app test smoke check texts update bench stress clean
.DEFAULT_GOAL := help

# An environment of another Python is made anew, and the newest releases are asked for each time.
FOUND := $(if $(wildcard $(BIN)/python),$(shell $(BIN)/python -c '$(_MINOR)'))
ifneq ($(LOCK) $(FOUND),requirements.lock $(WANTED))
.PHONY: $(VENV)/.runtime
endif

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/.runtime: requirements.txt pyproject.toml setup.py $(LOCK)
	@case "$(WANTED)" in 3.11|3.12|3.13) ;; *) echo "cnnviz needs Python 3.11 to 3.13. Name one: make PYTHON=python3.13"; exit 1;; esac
	test "$(FOUND)" = "$(WANTED)" || $(PYTHON) -m venv --clear $(VENV)
	$(PIP) $(if $(LOCK),--requirement $(LOCK),$(NEWEST) requirements.txt)
	$(PIP) --no-deps $(if $(LOCK),--no-build-isolation) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt $(DEV_LOCK)
	$(PIP) $(if $(LOCK),--requirement $(DEV_LOCK),$(NEWEST) requirements-dev.txt)
	touch $@

app: $(VENV)/.runtime ## Set up and open the dashboard on http://127.0.0.1:8501
	$(BIN)/python -m cnnviz app

test: $(VENV)/.dev ## Set up and run the whole test suite; PYTHON=python3.13 chooses another Python, LOCK= the newest releases
	@sh tests/system_packages.sh
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

smoke: $(VENV)/.dev ## Build the wheel, install it into an empty environment, open the dashboard from it
	@sh tests/system_packages.sh
	$(BIN)/python tests/wheel_smoke.py

check: $(VENV)/.dev ## Lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

texts: $(VENV)/.dev ## Bring the translations up to date with the texts, and compile them
	$(BIN)/python tests/make_texts.py

COMPILE := $(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url

update: $(VENV)/.dev ## Renew the locks to the newest releases that the ranges admit, and run the tests on them
	$(COMPILE) --all-extras --output-file requirements-dev.lock pyproject.toml requirements-dev.txt
	$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml
	$(MAKE) test

bench: $(VENV)/.dev ## Print speed as ratios to the floor of the same run
	$(BIN)/python -m benchmarks

stress: $(VENV)/.dev ## Break what can be broken and count the losses: STRESS="kills disk --scale 0.1" chooses
	$(BIN)/python -m benchmarks.stress $(STRESS)

clean: ## Remove the environments and what was built
	rm -rf .venv .venv-* build dist
