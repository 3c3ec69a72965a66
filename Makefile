# The commands of the README. Everything is installed into .venv by the first of them.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
# uv does not read pip's settings: hand it the folders in which pip looks for wheels.
export UV_FIND_LINKS ?= $(or $(PIP_FIND_LINKS),$(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null))
export WANDB_MODE ?= offline
# Containers often forbid compiled modules; without them every process compiles PyTorch's sources anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE
# What this process may use: a container's CPU quota counts, not the host's cores. Asked when a recipe needs it.
CORES = $$($(BIN)/python -c 'from rhelbench.config.cores import available_cores; print(available_cores())')

# The queue of runs that the published results still lack, in the order of their worth.
CAMPAIGN := $(sort $(wildcard config/campaign/*.yaml))

.PHONY: help install smoke report campaign test check-results lint format lock
help:
	@echo "make smoke    train on a small real task and print the paper's table (minutes)"
	@echo "make report   tables, figures, claims and pages from the committed results, without training"
	@echo "make campaign train what config/campaign asks for, in order, at the lowest priority; goes on where it stopped"
	@echo "make test     run the tests of the code"
	@echo "make check-results   compare code, README and docs with the published results"
	@echo "make lint     format, lint and type checks"

install: $(INSTALLED)
$(INSTALLED): pyproject.toml constraints.txt
	@echo "Installing into .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	@touch $@

smoke: $(INSTALLED)
	@$(BIN)/snakemake --cores $(CORES) --configfile config/smoke.yaml --keep-going --quiet host reason \
		--report results/report.html --report-after-run
	@cat results/tables/smoke/summary.txt
	@echo "Open results/index.html or results/report.html; tables in results/tables/smoke, figures in results/figures/smoke."

report: $(INSTALLED)
	@$(BIN)/snakemake --cores $(CORES) --configfile config/published.yaml --quiet host reason \
		--report results/report.html --report-after-run tables figures report
	@echo "Open results/index.html; claims in results/claims.md, tables in results/tables/published, figures in results/figures/published."

# One after another; a configuration with failed runs does not hold up the next. Ctrl-C ends it: type it again to go on.
campaign: $(INSTALLED)
	@trap exit INT TERM; for matrix in $(CAMPAIGN); do echo "$$matrix"; \
		nice -n 19 $(BIN)/snakemake train --cores $(CORES) --configfile $$matrix --nolock --keep-going --quiet host reason rules; done

test: $(INSTALLED)
	@$(BIN)/python -m pytest -q --numprocesses $(CORES) --dist worksteal --ignore tests/results

check-results: $(INSTALLED)
	@$(BIN)/python -m pytest -q --numprocesses $(CORES) --dist worksteal tests/results

lint: $(INSTALLED)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/snakefmt --check Snakefile workflow workflows

format: $(INSTALLED)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix . && $(BIN)/snakefmt Snakefile workflow workflows

# Write the exact versions; no local paths, no GPU wheels, so that the lock is portable. Triton's is the one that PyTorch for GPUs asks for.
lock: $(INSTALLED)
	@$(BIN)/uv pip freeze --python $(BIN)/python | grep -v '^-e' | sed 's/+cpu//' | grep -viE '^(pip|nvidia|cuda)' > constraints.new
	@(echo "# The exact versions the suite is tested with; made by 'make lock', used by 'make'."; cat constraints.new) > constraints.txt
	@rm constraints.new
