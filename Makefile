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

.PHONY: help install run test check clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

install: $(VENV)/.installed  ## a virtual environment in .venv with everything pinned

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	touch $@

run: install  ## index corpus/, answer the example question, serve on 127.0.0.1:8000
	$(BIN)/python -m indexer build corpus --index $(INDEX)
	$(BIN)/python -m service ask "$(QUESTION)" --index $(INDEX)
	$(BIN)/python -m service serve --index $(INDEX) --host $(HOST) --port $(PORT)

test: install  ## the tests
	$(BIN)/python -m pytest

check: install  ## linters, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove the virtual environment and the example index
	rm -rf $(VENV) $(INDEX)
