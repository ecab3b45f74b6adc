# Each target works from a fresh clone with Python (3.11 or later) and make: they share the virtual environment in .venv.
.DEFAULT_GOAL := help
.PHONY: help demo test control-plane helm kustomize faults fuzz check accept docs bench build test-wheel clean

PYTHON ?= python3
BIN := .venv/bin
SOURCES := compiler webhook schemas tests bench policies docs deploy

help: ## say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# --no-build-isolation, so that the build back end is the pinned one too.
.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("overbank needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip hatchling editables
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-build-isolation \
		--editable '.[webhook,live]' --group test --group check --group build
	@# As pip does where it copies the code: whoever runs it later may not write here, and would compile it every time.
	@$(BIN)/python -m compileall -q compiler webhook schemas
	@touch $@

demo: .venv/.installed ## compile the sample policies, serve them, and admit the guides' pods over TLS
	@$(BIN)/python policies/demo

test: .venv/.installed ## run all tests
	$(BIN)/pytest --numprocesses auto

# Needs Go and Python and no environment; about 15 minutes the first time, then nothing.
control-plane: ## get etcd and Kubernetes for the tests in tests/e2e: build them into the user's cache, once
	@$(PYTHON) -m tests.e2e.controlplane

# Needs Go and Python and no environment; about 3 minutes the first time, then nothing.
helm: ## get helm for the tests in tests/deploy: build it into the user's cache, once
	@$(PYTHON) deploy/helm.py

kustomize: .venv/.installed ## rewrite deploy/kustomize/base from the defaults of deploy/chart
	$(BIN)/python deploy/kustomize/render.py "$$($(PYTHON) deploy/helm.py)"

faults: .venv/.installed ## break the webhook in every way, under load, and print what came of it; some 15 minutes
	@$(BIN)/python -m tests.faults

FUZZ_SECONDS ?= 600
FUZZ_FIRST ?= 0

fuzz: .venv/.installed ## look for input that breaks the compiler, FUZZ_SECONDS each way; findings go to build/fuzz
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group fuzz
	nice -n 19 $(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --first $(FUZZ_FIRST)
	nice -n 19 $(BIN)/python -m tests.fuzz.coverage load -max_total_time=$(FUZZ_SECONDS) -max_len=4096
	nice -n 19 $(BIN)/python -m tests.fuzz.coverage compile -max_total_time=$(FUZZ_SECONDS) -max_len=20000

check: .venv/.installed ## format, lint, types, import contracts, the sample, wheel contents
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/overbank fmt --check policies
	$(BIN)/overbank check policies --no-cache --fail-level warning
	rm -rf build/check && mkdir -p build/check && $(BIN)/python -m build --wheel --no-isolation --outdir build/check . >build/check/log 2>&1 || { cat build/check/log; exit 1; }
	$(BIN)/check-wheel-contents build/check/*.whl

accept: .venv/.installed ## rewrite the expected output of golden tests, and print what changed
	OVERBANK_ACCEPT=1 $(BIN)/pytest --quiet -p no:cacheprovider tests/compiler/test_golden.py --capture=no
	git status --short tests/golden

docs: .venv/.installed ## rewrite what is generated in docs/ and deploy/monitoring/
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/codes/generate.py
	$(BIN)/python deploy/monitoring/generate.py

bench: .venv/.installed ## measure; nothing is asserted
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/check.py
	$(BIN)/python bench/analysis.py
	$(BIN)/python bench/warm.py
	$(BIN)/python bench/engine.py
	$(BIN)/python bench/replicas.py
	$(BIN)/python bench/plan.py
	$(BIN)/python bench/growth.py
	$(BIN)/python bench/output.py
	$(BIN)/python bench/reload.py
	$(BIN)/python bench/https.py

build: .venv/.installed ## build the wheel, the source distribution and the one-file overbank into dist/
	rm -rf dist && $(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/python deploy/onefile/pack.py dist/overbank-*.whl --output dist/overbank

# Outside of the checkout's environment, so that the tests see the wheel and not the tree.
test-wheel: build ## run the tests against the built wheel and the one-file overbank
	rm -rf build/wheel-venv && $(PYTHON) -m venv build/wheel-venv
	build/wheel-venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	build/wheel-venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		"$$(echo dist/overbank-*.whl)[webhook,live]" --group test
	rm -rf build/wheel-tests && mkdir -p build/wheel-tests
	cp -r tests policies bench docs deploy .github .pre-commit-hooks.yaml pyproject.toml constraints.txt Makefile LICENSE *.md build/wheel-tests/
	cd build/wheel-tests && OVERBANK_ONEFILE="$(CURDIR)/dist/overbank" ../wheel-venv/bin/pytest --numprocesses auto

clean: ## remove everything that make made
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis policies/rendered
