# Two commands set up everything: `make train` and `make test`. Nothing is done twice.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# `aer` and `gpu` install the same Python module, so exactly one of them is chosen here.
AER    := $(shell nvidia-smi >/dev/null 2>&1 && echo gpu || echo aer)
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
BASE   := $(VENV)/.base-$(AER)
DEV    := $(VENV)/.dev-$(AER)
GPU    := $(VENV)/.with-gpu
TESTS  := $(BIN)/python -m pytest -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help train test test-slow test-gpu check format tables bench bench-quick bench-peers bench-gpu frameworks uci paper-sim paper-bowles controlled-study clean

help:              ## what there is to make
	@sed -n 's/^\([a-z-]*\): .*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

train: $(BASE)     ## install into .venv and train specs/model.hqnn on its data
	$(BIN)/hqnn train specs/model.hqnn specs/data/yacht.csv

test: $(DEV)       ## install into .venv and run the tests
	$(TESTS) -m "not slow and not gpu"

test-slow: $(DEV)  ## the tests that take minutes: long fuzzing, many randomised circuits
	$(TESTS) -m "slow and not gpu"

test-gpu: $(GPU)   ## the tests that need an NVIDIA GPU; an error where there is none
	$(BIN)/python -m pytest tests/gpu -m gpu

check: $(DEV)      ## ruff, mypy strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV)     ## bring the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

tables: $(DEV)     ## make the parser's tables anew from grammar/hqnn.lark
	$(BIN)/python -m hqnn_dsl.syntax.tables

bench: bench-peers ## measure every simulator, and write docs/benchmarks.md with its plot
	$(BIN)/python -m benchmarks.run

bench-quick: $(DEV) bench-peers ## a small part of it, printed only
	$(BIN)/python -m benchmarks.run --quick

bench-peers: $(DEV) ## install the simulators that cannot share .venv into benchmarks/.venvs
	$(BIN)/python -m benchmarks.environments

bench-gpu: $(GPU)  ## measure on an NVIDIA GPU, and write that section of docs/benchmarks.md
	$(BIN)/python -m benchmarks.gpu

frameworks: $(DEV) ## train one spec through every framework, and write docs/frameworks.md
	$(BIN)/python -m benchmarks.frameworks

uci: $(DEV)        ## train specs/uci on 20 published splits of three tables, and write docs/uci.md
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.uci

paper-sim: $(DEV)  ## measure 19 published circuits, and write docs/paper-sim.md
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.paper_sim

paper-bowles: $(DEV) ## a dressed classifier without entanglement, and write docs/paper-bowles.md
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.paper_bowles

controlled-study: $(DEV) ## trained, frozen and classical on two tables, and write docs/controlled-study.md
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.controlled_study

clean:             ## remove what was built, but no runs
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.torch: constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(PIP) "$$(grep '^torch==' constraints.txt)"
	@touch $@

$(BASE): $(VENV)/.torch pyproject.toml
	$(PIP) -e ".[$(AER)]"
	@touch $@

$(DEV): $(BASE)
	$(PIP) -e ".[$(AER),ibm,mlflow,pennylane,science,tensorboard]" --group dev
	@touch $@

# The extra of numba-cuda is that of the CUDA that torch in constraints.txt is built for.
$(GPU): $(if $(filter gpu,$(AER)),$(DEV))
	@test $(AER) = gpu || { echo "no GPU here: nvidia-smi finds none" >&2; exit 3; }
	$(PIP) -e ".[gpu,cuda,custatevec,ibm,mlflow,pennylane,science,tensorboard]" --group dev
	@touch $@
