# Every verb bootstraps .venv by itself and re-installs only when the pins changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FLAGS ?=
# A file's tests stay in one process, so that what the file starts is started once. (Groups are no way to say so: this
# pytest and this pytest-xdist ignore them without a word.) tests/conftest.py says which files begin first.
BY_FILE := --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help up test quick cover check bench sbom clean races bench-collectors proofs-collectors proofs recovery bench-whatif proofs-alerts proofs-savings focus-validator
help:                   ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(STAMP)            ## start the whole demo stack and the dashboard
	@$(BIN)/prosepolish up $(FLAGS)

test: $(STAMP)          ## every test, the browser test included; installs Chromium where it may
	@.ci/chromium; .ci/prometheus
	@$(BIN)/python -m pytest -n 3 $(BY_FILE) $(FLAGS)

quick: $(STAMP)         ## the tests that need no server, no process and no browser: for the inner loop
	@$(BIN)/python -m pytest -q -n 2 -m "not live and not browser" --hypothesis-profile=quick $(FLAGS)

cover: $(STAMP)         ## every test, then which lines none of them reached; the report is htmlcov/index.html
	@.ci/chromium; .ci/prometheus
	@$(BIN)/python -m pytest -q -n 3 $(BY_FILE) --cov --cov-report=term:skip-covered --cov-report=html $(FLAGS)

check: $(STAMP)         ## style, types, import contracts and declared dependencies
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

bench: $(STAMP)         ## every benchmark; prints medians and ratios
	@$(BIN)/python -m benchmarks $(FLAGS)

bench-collectors: $(STAMP) ## cost, scale, store, census and /metrics of the collectors, beside the standard exporter; a table at the end
	@$(BIN)/python -m benchmarks collector_cost collector_scale store_size store_query store_write census_million exposition_parity collector_rights

proofs-collectors: $(STAMP) ## kills, stops, resets and a census: nothing lost, nothing twice (about seven minutes)
	@$(BIN)/python -m benchmarks p99_campaign "collector_proofs --kills 1000 --stops 50 --lanes 4 $(FLAGS)"

races: $(STAMP)         ## the long race campaign: a million schedules, ten thousand races on real servers
	@$(BIN)/python -m benchmarks.races --schedules 1000000 --trials 10000 $(FLAGS)

proofs: $(STAMP)        ## limits and sessions under attack; FLAGS="--seed N --slice full" for the full sizes
	@$(BIN)/python -m benchmarks.proofs $(FLAGS)

proofs-alerts: $(STAMP) ## alerts while things break, in quiet months, and over kills: false, missed, late, lost (FLAGS="--seed N NAME" for one)
	@$(BIN)/python -m benchmarks.alert_proofs $(FLAGS)

recovery: $(STAMP)      ## every server lost in every way, idle and busy: all is well 2 s after its return (about half an hour)
	@$(BIN)/python -m benchmarks.recovery --slice full $(FLAGS)

bench-whatif: $(STAMP)  ## what-if predictions against real servers, beside libcachesim, and the cost of the trace (ten minutes)
	@$(BIN)/python -m benchmarks "whatif_replay $(FLAGS)" whatif_grid whatif_near whatif_trace whatif_bytes

sbom: $(STAMP)          ## what is installed, with versions and licences, as CycloneDX: build/sbom.cdx.json, and a list by licence
	@mkdir -p build
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom.cdx.json $(BIN)/python
	@$(BIN)/python .ci/licences build/sbom.cdx.json

proofs-savings: $(STAMP) ## the ledger to the cent, kills, sums, hold-out and projection (about ten minutes); FLAGS="--seed N"
	@$(BIN)/python -m benchmarks.savings_proofs --slice full $(FLAGS)

PYTHON312 ?= python3.12
focus-validator:        ## the FOCUS project's validator, for the tests of `export ledger --focus`; it needs Python 3.12
	@$(PYTHON312) -m venv $(VENV)/focus
	@$(VENV)/focus/bin/python -m pip install --quiet --disable-pip-version-check focus-validator==2.2.1 'pyarrow<22' # newer ones refuse the numpy it needs

clean:                  ## remove everything that make made; the demo's data too
	rm -rf $(VENV) .prosepolish .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* htmlcov build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip # dependency groups need pip 25.1
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all]' --group test --group check
	@touch $@
