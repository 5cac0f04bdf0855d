# Everything runs in .venv, which these targets make and renew by themselves. Needs python3 (3.11 or later) and pip.

PYTHON ?= python3
TORCH ?=
JOBS ?= 2
SECONDS_EACH ?= 60

BIN := .venv/bin
BASE := .venv/.installed-demo
FULL := .venv/.installed
WITH_TORCH := .venv/.installed-torch-2.13.0
CODE := src tests tools $(wildcard benchmarks)

.DEFAULT_GOAL := help
.PHONY: help demo test check bench docs fuzz build clean

help:
	@echo "make demo    install Violet, and take a tour: scan a trojan, sign, gate, attack a model, harden it"
	@echo "make test    run the tests (TORCH=1: with torch as well, which is large)"
	@echo "make check   style, types, import contracts, generated documentation"
	@echo "make bench   measure Violet beside its peers"
	@echo "make docs    generate the parts of the documentation that come from the code"
	@echo "make fuzz    fuzz every parser (SECONDS_EACH=60)"
	@echo "make build   build the wheel and the source distribution"
	@echo "make clean   remove what was built, but not .venv"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Violet needs Python 3.11 or later; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(BASE): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[demo]"
	@touch $@

$(FULL): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group test --group check
	@touch $@ $(BASE)

$(WITH_TORCH): $(FULL)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	@touch $@

demo: $(BASE)
	$(BIN)/violet demo --directory demo

test: $(FULL) $(if $(TORCH),$(WITH_TORCH))
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: $(FULL)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/checks/index.py --check
	$(BIN)/python tools/docs/generate.py --check

docs: $(FULL)
	$(BIN)/python tools/checks/index.py
	$(BIN)/python tools/docs/generate.py

bench: $(FULL) $(WITH_TORCH)
	$(BIN)/python benchmarks/scan.py $(ARGS)
	$(BIN)/python benchmarks/realworld.py
	$(BIN)/python benchmarks/hash.py
	$(BIN)/python benchmarks/dataset.py
	$(BIN)/python benchmarks/lineage.py
	$(BIN)/python benchmarks/vulnerabilities.py
	$(BIN)/python benchmarks/evasion.py
	$(BIN)/python benchmarks/guard.py
	$(BIN)/python benchmarks/drift.py
	$(BIN)/python benchmarks/detect.py

fuzz: $(FULL)
	$(BIN)/python -m pip install --quiet atheris
	$(BIN)/python tools/fuzz/run.py --seconds $(SECONDS_EACH) $(ARGS)

build: $(FULL)
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build

clean:
	rm -rf build dist demo .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
