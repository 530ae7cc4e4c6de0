# Everything from a fresh clone with Python 3.11, npm and make: `make demo` or `make test`.
# Each step leaves a stamp, so that a second run does only what has changed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help
MAKEFLAGS += --jobs=2  # the front end is fetched and built beside the Python packages

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && command -v $$name && break; done)
UV ?= $(or $(shell uv --version >/dev/null 2>&1 && command -v uv),.tools/bin/uv)
BIN := .venv/bin
FRONT := src/muniment/site/front
BUILT := src/muniment/site/static/built/site.css
SERVE ?= yes
ONLY ?=
PERSONS ?=
WORKERS ?= 2

export UV_PYTHON_DOWNLOADS ?= never
say = @printf '\033[1m%s\033[0m\n' "$(1)"

.PHONY: help setup spark demo serve test check bench docs requirements system-tools clean

help: ## say what can be made
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.main $(BUILT) ## install everything that the product needs
	$(call say,Muniment is set up: $(BIN)/muniment)

spark: .venv/.main requirements/spark.txt ## install what `muniment resolve --engine spark` needs besides Java
	$(UV) pip install --python $(BIN)/python --build-constraints requirements/build.txt --require-hashes --requirement requirements/spark.txt

demo: setup ## set up, run the main job on an invented world, then serve it (SERVE=no stops after the job)
	$(BIN)/muniment demo $(if $(PERSONS),--persons $(PERSONS))
	$(if $(filter no,$(SERVE)),,MUNIMENT_COOLING_OFF_MINUTES=1 $(BIN)/muniment serve)

serve: setup ## serve what is there
	$(BIN)/muniment serve

test: .venv/.dev $(BUILT) system-tools ## set up and run every test
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

check: .venv/.dev $(BUILT) ## formatting, lint, types, import contracts, policy, generated docs, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/muniment policy check
	$(BIN)/muniment docs --check
	$(BIN)/pytest -q tests/architecture

bench: .venv/.dev $(BUILT) ## measure beside peers; ONLY=resolve runs one benchmark
	$(BIN)/python -m benchmarks $(ONLY)

docs: .venv/.main ## write docs/reference/generated again
	$(BIN)/muniment docs

requirements: $(UV) ## compile the locked requirements again from pyproject.toml
	$(UV) pip compile $(LOCK) pyproject.toml --output-file requirements/main.txt
	$(UV) pip compile $(LOCK) pyproject.toml --extra spark --output-file requirements/spark.txt
	$(UV) pip compile $(LOCK) pyproject.toml --extra spark --group dev --output-file requirements/dev.txt
	printf '%s\n' '$(BACKEND)' $(SDISTS) | $(UV) pip compile $(LOCK) - --no-annotate --output-file requirements/build.txt
	echo uv | $(UV) pip compile $(LOCK) - --no-annotate --output-file requirements/tools.txt
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header
SDISTS := setuptools  # what builds PySpark, which comes as source alone
BACKEND = $(shell sed -n 's/^requires = \["\(hatchling[^"]*\)"\].*/\1/p' pyproject.toml)

clean: ## remove what was built and installed; the data in var/ stays
	rm -rf .venv .tools node_modules build src/muniment/site/static/built .mypy_cache .ruff_cache .pytest_cache

# Python: uv from pip when missing, then exactly the locked packages, each checked against its hash. A command that
# imports nearly everything compiles what is used; compiling all that is installed takes twice as long.
.tools/bin/uv: requirements/tools.txt
	$(call say,Fetching uv)
	@$(PYTHON) -m pip --version >/dev/null || { echo "pip is missing: install python3-pip, or uv, and run make again."; exit 1; }
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade --require-hashes --target .tools --requirement $<
	@touch $@

.venv/bin/python: | $(UV)
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is missing: install python3 and run make again."; exit 1; }
	rm -rf .venv
	$(UV) venv --quiet --python $(PYTHON) .venv

.venv/.main: requirements/main.txt requirements/build.txt pyproject.toml | .venv/bin/python
	$(call say,Installing Python packages)
	$(UV) pip install --python $(BIN)/python --require-hashes --requirement requirements/main.txt
	$(UV) pip install --python $(BIN)/python --quiet --no-deps --build-constraints requirements/build.txt --editable .
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/muniment docs --check >/dev/null 2>&1 || true
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.main
	$(call say,Installing the packages for tests)
	$(UV) pip install --python $(BIN)/python --build-constraints requirements/build.txt --compile-bytecode --require-hashes --requirement requirements/dev.txt
	@touch $@

# The front end: from its own packages, compiled into an ignored folder.
node_modules/.installed: package.json package-lock.json
	$(call say,Installing front-end packages)
	npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
	@touch $@

$(BUILT): node_modules/.installed $(wildcard $(FRONT)/*)
	$(call say,Building the front end)
	npm run --silent build
	@touch $@

# For tests alone: a browser and its typeface; Java, for the HTML checker and for the cluster of Spark.
system-tools:
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v java >/dev/null || missing="$$missing default-jre-headless"; \
	ls /usr/share/fonts/truetype/liberation* >/dev/null 2>&1 || missing="$$missing fonts-liberation"; \
	test -n "$$missing" || exit 0; \
	as_root=""; test "$$(id -u)" = 0 || as_root="sudo"; \
	if ! command -v apt-get >/dev/null || { test -n "$$as_root" && ! command -v sudo >/dev/null; }; then \
	  echo "The tests need these Debian packages:$$missing. Install them and run make test again."; exit 1; fi; \
	printf '\033[1mInstalling%s\033[0m\n' "$$missing"; \
	$$as_root apt-get update -q; \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing
