# make example | test | test-long | lint | bench: each sets up .venv by itself on a machine with Python >= 3.11, venv and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: example test test-long lint format bench lock clean

example: .venv/installed
	@snakemake --cores $(CORES)

test: .venv/installed-dev
	@pytest -q -n $(CORES) --dist loadgroup

test-long: .venv/installed-dev
	@pytest -q -n $(CORES) --dist loadgroup -m "$(if $(shell command -v slurmctld),long or not long,not slurm)"

lint: .venv/installed-dev
	@ruff check .
	@ruff format --check .
	@snakefmt --check Snakefile workflow
	@lint-imports --no-cache
	@snakemake --lint

format: .venv/installed-dev
	@ruff check --fix -q .
	@ruff format -q .
	@snakefmt Snakefile workflow

bench: .venv/installed-dev
	@for script in benchmarks/*.py; do echo "== $$script"; python $$script || exit 1; done

# The exact versions that were tested, without addresses, for python >= 3.11 on Linux.
lock: .venv/installed-dev
	@python -m pip freeze --exclude-editable --exclude pip --exclude setuptools | grep -v '@' > requirements.lock

.venv/bin/python:
	@if command -v uv >/dev/null 2>&1; then uv venv -q --python $(PYTHON) .venv; else $(PYTHON) -m venv .venv; fi

.venv/installed: pyproject.toml requirements.lock | .venv/bin/python
	@echo "installing cavity into .venv"
	@$(call install,.)
	@touch $@

.venv/installed-dev: pyproject.toml requirements.lock | .venv/bin/python
	@echo "installing cavity and its test tools into .venv"
	@$(call install,.[dev])
	@touch $@ .venv/installed

define install
if command -v uv >/dev/null 2>&1; \
then uv pip install -q --python $(BIN)/python -c requirements.lock -e '$(1)'; \
else $(BIN)/python -m pip install -q --disable-pip-version-check -c requirements.lock -e '$(1)'; fi
endef

clean:
	rm -rf results logs .snakemake .pytest_cache .ruff_cache
