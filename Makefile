# `make check` is the whole truth; `make fast` is its quick half, which pre-commit runs too.

PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)

.PHONY: check fast format-check lint types imports tests chaos chaos201 scenarios same-seed torture examples mutate format pictures

check: fast tests

fast: format-check lint types imports

format-check:
	$(PYTHON) -m ruff format --check .

lint:
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

imports:
	$(PYTHON) -c "from importlinter.cli import lint_imports_command as check; check()" --no-logo

tests:
	$(PYTHON) -m pytest

chaos:
	CHAOS_RUNS=2000 $(PYTHON) -m pytest tests/chaos

chaos201:
	CHAOS_RUNS=500 $(PYTHON) -m pytest -n 0 tests/chaos/test_chaos201.py

examples:
	EXAMPLES_TIMES=10 $(PYTHON) -m pytest --timeout 1800

scenarios:
	SCENARIOS=all $(PYTHON) -m pytest tests/testbench

same-seed:
	SAME_SEED=all $(PYTHON) -m pytest tests/testbench/test_shipped.py -k same_seed

torture:
	TORTURE=all $(PYTHON) -m pytest --timeout 1800 tests/testbench/test_torture.py

SEED ?= 1
SAMPLE ?= 60
OF ?= hardware charging ocpp16 wire store files

mutate:
	$(PYTHON) -m tests.mutation --seed $(SEED) --sample $(SAMPLE) --of $(OF)

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

pictures:
	$(PYTHON) -m tests.pictures
