# One door for people: make demo, make test, make check, make bench.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
export OMP_NUM_THREADS ?= 1

.PHONY: help setup demo test test-long check bench browser lock wheelhouse clean

help:
	@echo "make demo       set up, plan the demo town, and say where the map and the table are"
	@echo "make test       run the tests (under 15 minutes)"
	@echo "make test-long  fuzz, kills and whole plans"
	@echo "make check      lint and types"
	@echo "make bench      measure beside named peers"
	@echo "make lock       pin the dependencies anew"
	@echo "make wheelhouse everything to install without Internet, for Windows and Linux"
	@echo "make clean      remove what these made"

setup: $(READY)

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

demo: $(READY)
	$(BIN)/planner demo --out maps/demo

browser:
	@sh tests/browser/install.sh

test: $(READY) browser
	$(BIN)/python -m pytest -m "not long" -n auto --dist loadscope

test-long: $(READY)
	$(BIN)/python -m pytest -m long -n auto --dist loadscope

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	$(BIN)/python -m benchmarks

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header --group test --group check pyproject.toml --output-file requirements.lock

# the same pins as the lock, resolved for each system, so that one connected PC can serve offices of both kinds
WHEELS_windows := --platform win_amd64
WHEELS_linux := $(foreach one,_2_28_x86_64 _2_27_x86_64 _2_24_x86_64 _2_17_x86_64 2014_x86_64,--platform manylinux$(one))

wheelhouse: $(READY) wheelhouse-windows wheelhouse-linux

wheelhouse-%: $(READY)
	@mkdir -p wheelhouse/$*
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --python-platform $* --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    --no-header --constraint requirements.lock --extra notebook pyproject.toml --output-file wheelhouse/$*/requirements.txt
	$(BIN)/python -m pip download --quiet --no-deps --require-hashes --only-binary=:all: $(WHEELS_$*) --implementation cp \
	    --python-version 3.11 --requirement wheelhouse/$*/requirements.txt --dest wheelhouse/$*
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir wheelhouse/$* .
	@mkdir -p wheelhouse/data && cp -R data/demo wheelhouse/data/ && cp -R notebooks examples docs/手册.md wheelhouse/

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis maps/demo out
