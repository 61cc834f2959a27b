"""The application's processes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.application import AS_BATCH, application_programs
from stack.programs import Program
from stack.settings import read_settings

SETTINGS = read_settings(profile="local", port_offset=0)
RUN_DIR = Path("/run")
LOG_INS = {"gateway": {"KAFKA_SASL_USERNAME": "gateway"}}
ENVIRONMENT = {
    "FLOWER_USER": "flower",
    "FLOWER_PASSWORD": "hidden",
    "PROFILE": "local",
    "GOOGLE_CLIENT_ID": "house",
    "GOOGLE_CLIENT_SECRET": "hidden",
}


def _programs(environment: Mapping[str, str] = ENVIRONMENT, *, prefix: str = "") -> list[Program]:
    return application_programs(
        SETTINGS, environment, log_ins=LOG_INS, run_dir=RUN_DIR, prefix=prefix
    )


def _names(prefix: str = "") -> list[str]:
    programs = _programs(prefix=prefix)
    return [program.name for program in programs]


def test_every_process_of_the_design_is_there_once() -> None:
    names = _names()
    assert len(names) == len(set(names))
    assert {
        "gateway",
        "metrics",
        "bridge",
        "worker-bids-0",
        "worker-other",
        "beat",
        "flower",
    } <= set(names)


def test_a_prefix_renames_the_whole_application() -> None:
    assert not set(_names()) & set(_names(prefix="other-"))


def test_each_worker_is_a_celery_node_of_its_own() -> None:
    programs = _programs(prefix="x-")
    nodes = [p.command[p.command.index("-n") + 1] for p in programs if "-n" in p.command]
    assert len(nodes) == SETTINGS.pools["bids"].size + 1 == len(set(nodes))


def test_no_password_is_on_a_command_line() -> None:
    programs = _programs()
    assert not any("hidden" in word for program in programs for word in program.command)


def test_the_providers_are_given_nothing_that_opens_a_store() -> None:
    environment = {**ENVIRONMENT, "DATABASE_URL": "postgresql://u:hidden@h/x"}
    (found,) = [p for p in _programs(environment) if p.name == "providers"]
    assert "DATABASE_URL" not in found.environment


def test_all_of_our_own_but_flower_share_their_metrics() -> None:
    environment = {**ENVIRONMENT, "PROMETHEUS_MULTIPROC_DIR": "/run/metrics"}
    programs = _programs(environment)
    alone = {p.name for p in programs if "PROMETHEUS_MULTIPROC_DIR" not in p.environment}
    assert alone == {"flower", "providers"}


def test_flower_has_a_lower_priority_than_those_who_serve_bids() -> None:
    programs = _programs()
    assert {p.name for p in programs if p.command[0] == "nice"} == {"flower"}


def test_what_works_in_batches_does_not_interrupt_a_gateway() -> None:
    programs = _programs()
    batch = {p.name for p in programs if p.command[: len(AS_BATCH)] == AS_BATCH}
    assert batch == {"bridge", "worker-bids-0", "worker-bids-1", "worker-other"}
    shown = "import os; print(os.sched_getscheduler(0) == os.SCHED_BATCH, os.nice(0))"
    command = (*AS_BATCH, sys.executable, "-c", shown)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", str(os.nice(0) + 5)]


def test_only_processes_with_a_kafka_user_get_a_password() -> None:
    environment = {**ENVIRONMENT, "KAFKA_SASL_USERNAME": "operator"}
    programs = _programs(environment)
    users = {program.name: program.environment.get("KAFKA_SASL_USERNAME") for program in programs}
    assert users.pop("gateway") == "gateway"
    assert set(users.values()) == {None}
