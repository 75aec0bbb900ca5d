# SecureNet Monitoring: everything a person types.

.DEFAULT_GOAL := help
.PHONY: help up down clean status env stop-demo start-demo check config explain on-call migrate bench docs test lint lock

PY := .venv/bin/python
LOCAL := $(PY) -m local
READY := .venv/.installed
flag = $(if $(filter-out 0 no false,$($(1))),$(2))

# The exit codes 0, 1 and 2 of these are an interface, but make turns every failure into a 2. Only in question mode does it
# pass a 1 on, from a recipe line marked with +, and such lines then run as usual.
ifneq ($(filter status check config explain on-call,$(MAKECMDGOALS)),)
MAKEFLAGS += --question
endif

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

up: $(READY) ## start everything, build the demo system, run account_expiration twice
	@$(LOCAL) up

down: $(READY) ## stop all of it
	@$(LOCAL) down

clean: $(READY) ## stop all of it and delete its data
	@$(LOCAL) clean

status: $(READY) ## what runs and what the duties did; JSON=1 for scripts
	+@$(LOCAL) status $(call flag,JSON,--json)

env: $(READY) ## shell exports, for eval: airflow and psql work then
	@$(LOCAL) env

stop-demo: $(READY) ## take the watched system away
	@$(LOCAL) stop-demo

start-demo: $(READY) ## bring the watched system back
	@$(LOCAL) start-demo

check: $(READY) ## run one duty now, in this shell: DUTY=... [ORGANIZATION=...] [SEND=1] [JSON=1]
	+@$(LOCAL) exec python -m securenet check "$$DUTY" $${ORGANIZATION:+--organization "$$ORGANIZATION"} \
		$(call flag,SEND,--send) $(call flag,JSON,--json)

config: $(READY) ## validate the configuration and print what is in force; JSON=1
	+@$(LOCAL) exec python -m securenet config $(call flag,JSON,--json)

explain: $(READY) ## who would be told what, when and why: ALERT='severity=critical,duty=...' [AT=2026-12-24T03:00] [JSON=1]
	+@$(LOCAL) exec python -m securenet explain "$$ALERT" $(call flag,AT,--at "$$AT") $(call flag,JSON,--json)

on-call: $(READY) ## who has which role: [AT=2026-12-24T03:00]; the next 90 days as a calendar: ICS=1 ROLE=on_call
	+@$(LOCAL) exec python -m securenet on-call $(call flag,AT,--at "$$AT") $(call flag,ICS,--ics "$$ROLE")

migrate: $(READY) ## bring the store to this version's schema
	@$(LOCAL) exec python -m securenet migrate

bench: $(READY) ## measure, and write docs/benchmarks.md; BENCH_ARGS=...
	@$(PY) -m bench $(BENCH_ARGS)

docs: $(READY) ## write the parts of the documents that are made from the code
	@$(LOCAL) exec python -m docs

test: $(READY) ## every test, on servers of their own; PYTEST_ARGS=...
	@$(PY) -m tests $(PYTEST_ARGS)

lint: $(READY) ## style, types and import contracts
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@PYTHONPATH=.:plugins .venv/bin/lint-imports

lock: $(READY) ## recompile requirements.txt and requirements-dev.txt
	@local/setup.sh lock

$(READY): requirements-dev.txt local/setup.sh
	+@local/setup.sh install >&2
