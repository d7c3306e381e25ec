# The commands of the project; `make help` lists them. Python 3.11 or newer and make are all they need.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe \
           --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header

# What the dashboard's scripts and styles are built from, by the build hook of the package.
ASSETS := hatch_build.py package.json package-lock.json $(shell find src/mailtrip/web/assets -type f)

export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help:  ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '%-13s %s\n' "make $$name" "$$text"; done

.PHONY: run
run: $(VENV)/.run-installed  ## Install what is needed and start the demo: service, sandbox mail server, two monitors.
	@exec $(BIN)/mailtrip demo

.PHONY: test
test: $(VENV)/.dev-installed packages  ## Install what is needed and run every test.
	$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: coverage
coverage: $(VENV)/.dev-installed packages  ## The same, and tell which lines and branches no test reaches; takes longer.
	@rm -f .coverage .coverage.*
	$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term $(ARGS)

.PHONY: check
check: lint test  ## The gate: format, lint, types, import contracts, tests.

.PHONY: lint
lint: $(VENV)/.dev-installed  ## Format, lint, types and import contracts, without the tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.dev-installed  ## Put the code into its format and mend what can be mended.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.dev-installed packages  ## Measure the mail clients and the service on this machine.
	$(BIN)/python bench/run.py $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.fuzz-installed  ## Look for bytes that break a parser or a grammar, FUZZ_SECONDS=60 for each (ARGS=imap for one).
	$(BIN)/python -m fuzz.run $(ARGS)

# Extras stay in the list of the tests: pip before 23.3 looks for `coverage[toml]` beside `coverage==`, and finds a newer one.
# As constraints they are not taken.
.PHONY: lock
lock: $(VENV)/.dev-installed  ## Make requirements/*.txt anew from requirements/*.in, on Python 3.11 (ARGS=--upgrade for newer versions).
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "make lock: the lists are made on Python 3.11, the oldest that is supported; run: make clean; make lock PYTHON=python3.11")'
	cd requirements && ../$(COMPILE) $(ARGS) --no-strip-extras --output-file=dev.txt dev.in
	@sed 's/\[[a-z,]*\]==/==/' requirements/dev.txt >$(VENV)/constraints.txt
	cd requirements && ../$(COMPILE) $(ARGS) --strip-extras --constraint=../$(VENV)/constraints.txt --output-file=run.txt run.in
	cd requirements && ../$(COMPILE) $(ARGS) --strip-extras --constraint=../$(VENV)/constraints.txt --output-file=fuzz.txt fuzz.in

.PHONY: assets
assets: $(VENV)/.run-installed  ## Build the scripts and styles of the dashboard, where they have changed.
	@$(BIN)/python hatch_build.py

.PHONY: screenshots
screenshots: $(VENV)/.dev-installed packages  ## Make the pictures in docs/pictures anew (ARGS=FOLDER: of all pages, to look at).
	$(BIN)/python -m tests.web.screenshots $(ARGS)

.PHONY: packages
packages:  ## Install the mail servers and the browser that some tests need, where root and apt are there.
	@sh scripts/install-test-packages.sh

.PHONY: clean
clean:  ## Remove the virtual environment, caches and coverage data.
	rm -rf $(VENV) .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache htmlcov dist build fuzz/corpus fuzz/findings node_modules src/mailtrip/web/static src/mailtrip/service/fonts

$(BIN)/python:
	@sh scripts/make-venv.sh $(VENV) $(PYTHON)

$(VENV)/.run-installed: requirements/run.txt pyproject.toml $(ASSETS) | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-installed: requirements/dev.txt pyproject.toml $(ASSETS) | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run-installed

$(VENV)/.fuzz-installed: requirements/fuzz.txt $(VENV)/.dev-installed
	$(PIP) install --require-hashes --requirement requirements/fuzz.txt
	@touch $@
