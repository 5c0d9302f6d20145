# The two commands of the README are `make test` and `make book`; each sets up what it needs.
PYTHON ?= python3
PROFILE ?= smoke
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help book pdf check test lint bench experiments lab clean distclean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed, $(PYTHON) is `$(PYTHON) --version 2>&1`; choose another with: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[book,test,experiments]"
	@touch $@

book: $(READY) ## execute every chapter, check every claim, render the site
	$(BIN)/cl-theory build --profile $(PROFILE)

pdf: book ## print the book as one PDF, _build/book.pdf (needs Chromium)
	$(BIN)/cl-theory pdf

check: $(READY) ## execute and check, without rendering
	$(BIN)/cl-theory check --profile $(PROFILE)

test: lint ## run the tests
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

lint: $(READY) ## style, types, workflows
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .github _config.yml _toc.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet --no-progress .github/workflows

bench: $(READY) ## measure the speeds (minutes; nothing is asserted)
	$(BIN)/python -m benchmarks

experiments: $(READY) ## compute the experiments (hours, it says how many; stops and goes on at any time)
	$(BIN)/cl-theory experiment run --all

lab: $(READY) ## open the chapters in JupyterLab
	$(BIN)/jupyter lab chapters

clean: ## remove what was built
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache .hypothesis

distclean: clean ## remove the environment as well
	rm -rf $(VENV)
