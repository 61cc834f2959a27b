# One verb per chore. `make up` is all it takes to see the auction house; `make test` judges it.
#   make logs p=gateway        follow one process
#   make test t="tests/unit"   pytest with these arguments, without the checks
#   make audit o="--json"      with these options
#   make servers profile=test  keep the tests' servers running between such runs
PYTHON ?= python3
stack = $(PYTHON) -m stack
profile_option = $(if $(profile),--profile $(profile))

.DEFAULT_GOAL := help
.PHONY: help up down status logs clean env servers install check test demo audit bench

help: ## list the verbs
	@$(stack) --help

up down status clean env servers install check demo bench:
	@$(stack) $@ $(profile_option)

audit:
	@$(stack) $@ $(profile_option) $(o)

logs:
	@$(stack) $@ $(profile_option) $(p)

test:
	@$(stack) $@ $(profile_option) $(t)
