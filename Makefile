# Every command of the project is defined here once; CI and pre-commit call these targets.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/.installed
QUICK := not slow and not race and not fuzz and not chaos

.DEFAULT_GOAL := help
.PHONY: help setup demo dev test fast adapter engine lint types imports check fix fuzz chaos bench migrate uncertain

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment; PYTHON=... chooses the interpreter

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Kupon needs Python 3.11 or newer; name it: make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup ## start everything in a temporary folder, run the main job, stop
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && $(BIN)/kupon dev --data-dir "$$dir" --port 0 \
	--run '$(BIN)/python examples/01_first_coupon/main.py'

dev: setup ## keep a server running, data in .kupon; ARGS="--port 9000" and the like
	@$(BIN)/kupon dev $(ARGS)

test: setup ## all tests but fuzz and chaos
	$(BIN)/pytest -n 2 --dist loadgroup -m 'not fuzz and not chaos' $(ARGS)

fast: setup ## the tests that take no time
	$(BIN)/pytest -n 2 --dist loadgroup -m '$(QUICK)' $(ARGS)

adapter: setup ## the tests of one adapter: make adapter NAME=segment
	@test -n "$(NAME)" || { echo "Which one? make adapter NAME=segment" >&2; exit 1; }
	$(BIN)/kupon adapters check $(NAME)
	$(BIN)/pytest tests/adapters -k $(NAME) -rs $(ARGS)

engine: setup ## the tests of engine and kit
	$(BIN)/pytest tests/engine tests/kit -m '$(QUICK)' $(ARGS)

lint: setup ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## static types
	$(BIN)/mypy

imports: setup ## which room may import which
	$(BIN)/lint-imports --no-logo

check: lint types imports test ## everything that CI looks at

fix: setup ## repair style and format where that can be done by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fuzz: setup ## long random proofs
	$(BIN)/pytest -n 2 --dist loadgroup -m fuzz $(ARGS)

chaos: setup ## kill processes for a while and count what was lost
	$(BIN)/pytest -m chaos $(ARGS)

bench: setup ## measure; prints JSON lines
	@$(BIN)/python -m tests.bench $(ARGS)

migrate: setup ## bring the schema of KUPON_DATABASE_URL up to date
	$(BIN)/kupon migrate

uncertain: setup ## list the tests that pin an interpretation of the reference
	@$(BIN)/pytest -m uncertain --collect-only --quiet $(ARGS)
