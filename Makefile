# One verb per chore. `make up` is all it takes to see the auction house; `make test` judges it.
#   make logs p=gateway        follow one process
#   make up with=prometheus    and Prometheus beside it, with the alerts of grafana/prometheus
#   make restart p=bridge      restart one process; without p= all of the application, in turn
#   make test t="tests/unit"   pytest with these arguments, without the checks
#   make test stress=8         everything on a busy machine: stress-ng --cpu 8 runs beside it
#   make scale pool=bids n=4   run four processes of a pool: bids, other, bridge or gateway
#   make run c="python -m bridge lanes"   a command of operators, on this stack
#   make audit o="--json"      with these options; bench likewise
#   make bench o="--scenario drain,quiet"   a part of the benchmark
#   make bench profile=gateway o="--rate 1500"   with a flame graph; also worker, bridge
#   make bench sketch=1        also run the prototype in ../shared/sketch (docs/performance.md)
#   make servers profile=test  keep the tests' servers running between such runs
#   make storm script=spread url=http://127.0.0.1:8080
#   make boards from=2026-01-31T12:00:00Z to=2026-01-31T12:01:00Z   else of the last storm
#   make hostile o="--only pings"   every abuse, or one, beside 300 bids/s
#   make lock o=--upgrade   the newest versions that requirements.txt allows
#   make faults only=redis-kill,disk-full seed=7 minutes=10 fresh=1
#   make faults brokers=3      with three brokers and a standby of PostgreSQL
# Debian's, as in the image: it is built with profile-guided optimization, which pyenv's is not.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
stack = $(PYTHON) -m stack
profile_option = $(if $(profile),--profile $(profile))

.DEFAULT_GOAL := help
.PHONY: help up down restart status logs clean env servers install check docs test demo run audit wheel \
  bench storm hostile boards faults drill scale image-check lock

help: ## list the verbs
	@$(stack) --help

up:
	@$(stack) $@ $(profile_option) $(if $(with),--with $(with))

down status clean env servers install check docs demo image-check wheel:
	@$(stack) $@ $(profile_option)

run:
	@$(stack) $@ $(profile_option) $(c)

audit drill hostile lock:
	@$(stack) $@ $(profile_option) $(o)

bench:
	@$(stack) $@ $(if $(sketch),--sketch) $(if $(profile),--flame $(profile)) $(o)

logs restart:
	@$(stack) $@ $(profile_option) $(p)

scale:
	@$(stack) $@ $(profile_option) --pool "$(pool)" -n "$(n)"

test:
	@$(stack) $@ $(profile_option) $(if $(stress),--stress $(stress)) $(t)

storm:
	@$(stack) $@ $(profile_option) $(script) $(if $(url),--url $(url)) $(if $(prepare),--prepare)

boards:
	@$(stack) $@ $(profile_option) $(if $(from),--from $(from)) $(if $(to),--to $(to))

faults:
	@$(stack) $@ $(foreach name,only seed minutes rate brokers,$(if $($(name)),--$(name) $($(name)))) $(if $(fresh),--fresh)
