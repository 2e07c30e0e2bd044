# Two commands are enough: `make run` and `make test`. `make help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INDEX ?= index
HOST ?= 127.0.0.1
PORT ?= 8000
QUESTION ?= what shortcomings were found on Resolution 57
# Extra arguments for pip, for instance the index of torch's CPU wheels on a machine without a GPU.
PIP_ARGS ?=
PIP_INSTALL = $(BIN)/python -m pip install --disable-pip-version-check $(PIP_ARGS) -c constraints.txt
# Hides pip's lines on packages that are there already; the exit status is that of pip.
PROGRESS = | { grep -v -e '^Requirement already satisfied' -e '^Looking in ' || true; }

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.PHONY: help install install-dev run test check clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

install: $(VENV)/.installed  ## a virtual environment in .venv that can index and serve
install-dev: $(VENV)/.installed-dev  ## the same with evaluation, tests and linters

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	@echo "== Installing Fundstelle into $(VENV). The first time takes a few minutes: about 2 GB."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) -e '.[html,docx,pdf]' $(PROGRESS)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "== Installing what evaluation, tests and linters need into $(VENV)."
	@$(PIP_INSTALL) -e '.[dev]' $(PROGRESS)
	@touch $@

run: install  ## index corpus/, answer the example question, serve on 127.0.0.1:8000
	@echo "== Indexing corpus/ into $(INDEX)."
	@$(BIN)/python -m indexer build corpus --index $(INDEX)
	@echo "== Answering: $(QUESTION)"
	@$(BIN)/python -m service ask "$(QUESTION)" --index $(INDEX)
	@echo "== Starting the service."
	@$(BIN)/python .ci/announce.py http://$(HOST):$(PORT)/ $$$$ & \
		exec $(BIN)/python -m service serve --index $(INDEX) --host $(HOST) --port $(PORT)

test: install-dev  ## the tests
	$(BIN)/python -m pytest

check: install-dev  ## linters, types, layers, layout, complexity
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/check_layout.py
	$(BIN)/complexipy --failed --plain

clean:  ## remove the virtual environment and the example index
	rm -rf $(VENV) $(INDEX)
