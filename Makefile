# `make help` lists what can be done here.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
NBGRADER := .venv-nbgrader
DEMO ?= 1
UV_VERSION := 0.13.9
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run prepare upgrade runtime test test-fast test-needs format lint types layers check-content e2e screenshots bench-web bench-latency bench-workspace bench-roster bench-bulk bench-reports bench-grading fuzz soak memory host-site clean

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-15s %s\n", $$1, $$2}'

# A virtual environment with uv in it. Its Python is 3.11 or newer.
$(BIN)/uv:
	@tools/find-python.sh > /dev/null
	@echo "making the virtual environment $(VENV)"
	@$$(tools/find-python.sh) -m venv $(VENV) || { echo "Python can't make a virtual environment. On Debian: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)

# What the product needs, by hash. Where the developers' tools are installed already, they hold all of it.
$(VENV)/.runtime: requirements.lock pyproject.toml $(BIN)/uv
	@echo "installing what the product needs, by hash"
	@test -f $(VENV)/.dev && test $(VENV)/.dev -nt requirements-dev.lock || $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml $(BIN)/uv
	@echo "installing what the developers need as well, by hash"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# nbgrader in an environment of its own, for the tests of round trips and for comparison; never beside the product.
$(NBGRADER)/.ready: requirements-nbgrader.lock $(BIN)/uv
	@echo "installing nbgrader in an environment of its own, by hash"
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(NBGRADER)
	@$(BIN)/uv pip install --quiet --python $(NBGRADER)/bin/python --require-hashes -r requirements-nbgrader.lock
	@touch $@

upgrade: $(VENV)/.runtime ## after git pull, with the site stopped: install, back up, migrate, check; back where it fails
	@$(BIN)/flask lms upgrade

prepare: $(VENV)/.runtime ## install, configure, migrate, publish the content (again changes nothing)
	@$(BIN)/flask lms init

run: prepare ## serve the site on http://127.0.0.1:8000 with its worker; DEMO=0 starts it empty, DEMO=full with three years
	@$(BIN)/flask lms runtime prepare --or-go-on
	@case "$(DEMO)" in 0) ;; full) $(BIN)/flask lms demo --if-alone --full ;; *) $(BIN)/flask lms demo --if-alone ;; esac
	@exec $(BIN)/flask lms serve

runtime: $(VENV)/.runtime ## the Python of learners' browsers, compressed in haste, for the tests; make run makes it well
	@$(BIN)/python -m lms.workspace.runtime.command prepare --fast || echo "The tests that need it are skipped." >&2

# What needs one core each goes side by side. Files keep their order: the long ones in the browser lie early, so that at the
# end no core waits for the other.
test: $(VENV)/.dev $(VENV)/.runtime $(NBGRADER)/.ready test-needs ## everything that has to hold, on SQLite and PostgreSQL
	@$(MAKE) --no-print-directory -j2 --output-sync=target runtime check-content types lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/.dev ## without browser and sandbox, stopping at the first failure
	$(BIN)/python -m pytest -x -q -m "not browser and not sandbox"

test-needs: ## install PostgreSQL and Chromium for the tests, where that may be done
	@tools/test-needs.sh

format: $(VENV)/.dev ## put the code into its form
	$(BIN)/ruff check --quiet --fix . || true
	$(BIN)/ruff format .

lint: $(VENV)/.dev ## look for faults of form
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## check the types
	$(BIN)/mypy

layers: $(VENV)/.dev ## check who imports whom
	$(BIN)/lint-imports

check-content: $(VENV)/.runtime ## check each course and exercise, and the proof of each exercise
	$(BIN)/python -m lms.content check
	@for exercise in exercises/*/; do $(BIN)/python -m lms.grading check $$exercise || exit 1; done

e2e: $(VENV)/.dev test-needs runtime ## drive the product in a real browser
	$(BIN)/python -m pytest -m browser

screenshots: $(VENV)/.dev test-needs ## take the pictures of the documentation from the running product
	$(BIN)/python -m tools.screenshots

bench-web: $(VENV)/.dev ## requests a second and CPU of a request, against the server's own floor
	$(BIN)/python -m benchmarks.web

soak: $(VENV)/.dev ## 1,000 submissions, then 1,000 reminders, while web and worker are killed: none lost, none done twice
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python -m benchmarks.soak_certificates
	$(BIN)/python -m benchmarks.soak_reminders

bench-latency: $(VENV)/.dev ## how long a learner waits for her result, beyond her own code
	$(BIN)/python -m benchmarks.latency

bench-workspace: $(VENV)/.dev test-needs ## from opening an exercise to pandas in the browser, beside Pyodide as it is published
	$(BIN)/python -m benchmarks.workspace

bench-roster: $(VENV)/.dev test-needs ## 50,000 rows: dry run, applying, memory, how long others wait; both databases, beside pandas
	$(BIN)/python -m benchmarks.roster

bench-bulk: $(VENV)/.dev test-needs ## deeds on 3,500 at once: seconds, CPU, how long a learner waits; both databases, beside one INSERT … SELECT
	$(BIN)/python -m benchmarks.bulk

bench-reports: $(VENV)/.dev test-needs ## reports and exports at the size of the country: a million people, fifty million entries; WITH="--keep /data" adds words
	$(BIN)/python -m benchmarks.reports $(WITH)

bench-certificates: $(VENV)/.dev ## 1,000 certificates as one file: seconds and memory, beside typst alone
	$(BIN)/python -m benchmarks.certificates

bench-grading: $(VENV)/.dev $(NBGRADER)/.ready ## CPU of grading a notebook against its code alone; throughput against nbgrader and nbclient
	$(BIN)/python -m benchmarks.grading
	$(BIN)/python -m benchmarks.grading_others

fuzz: $(VENV)/.dev ## 10,000 damaged notebooks: a clear refusal or a grade, never a traceback
	BAEUM_FUZZ=10000 $(BIN)/python -m pytest tests/grading/test_fuzz.py

memory: $(VENV)/.dev ## what an idle site holds in memory
	$(BIN)/python -m benchmarks.memory

host-site: $(VENV)/.runtime ## a small site of somebody else's that mounts Baeum under /learn
	@exec $(BIN)/python -m examples.host_site.run

clean: ## remove what was made, but the site's data in instance/
	rm -rf $(VENV) $(NBGRADER) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
