"""Programs as supervisor's own parser reads them back."""

from pathlib import Path

import pytest
from supervisor.datatypes import RestartUnconditionally
from supervisor.options import ProcessConfig, ServerOptions

from stack.faults import StackFault
from stack.places import Places
from stack.programs import Program, render_program, render_supervisor


def _read_back(program: Program, directory: Path) -> ServerOptions:
    places = Places(directory, directory, directory)
    places.create()
    section = render_program(program, checkout=directory, log_file=directory / "log" / "x.log")
    (directory / "programs" / "x.conf").write_text(section)
    places.config_file.write_text(render_supervisor(places))
    options = ServerOptions()
    options.realize(["-c", str(places.config_file)])
    return options


def _process(options: ServerOptions, name: str) -> ProcessConfig:
    (group,) = [group for group in options.process_group_configs if group.name == name]
    return group.process_configs[0]


def test_command_and_environment_survive_special_characters(tmp_path: Path) -> None:
    program = Program(
        name="worker",
        command=("celery", "-n", "worker@%h", "a b", "$HOME", 'say "x"'),
        environment={"URL": "postgres://u:p%20q@h/db?a=1&b=2,c", "EMPTY": ""},
    )
    process = _process(_read_back(program, tmp_path), "worker")
    assert process.command == "celery -n worker@%h 'a b' '$HOME' 'say \"x\"'"
    assert process.environment == program.environment


def test_a_dead_process_is_started_again_and_its_log_is_bounded(tmp_path: Path) -> None:
    process = _process(_read_back(Program(name="p", command=("true",)), tmp_path), "p")
    assert process.autorestart is RestartUnconditionally
    assert 0 < process.stdout_logfile_maxbytes < 100 * 2**20


def test_the_socket_is_the_owners_alone(tmp_path: Path) -> None:
    options = _read_back(Program(name="p", command=("true",)), tmp_path)
    assert options.server_configs[0]["chmod"] == 0o600


def test_the_watcher_gets_every_event(tmp_path: Path) -> None:
    options = _read_back(Program(name="p", command=("true",)), tmp_path)
    (pool,) = [group for group in options.process_group_configs if group.name == "watcher"]
    subscribed_events = {event.__name__ for event in pool.pool_events}
    assert subscribed_events == {"ProcessStateEvent", "ProcessGroupEvent", "Tick5Event"}


@pytest.mark.parametrize("value", ['a"b', "a\nb", "a ;b", "a #b"])
def test_a_value_that_supervisor_would_misread_is_refused(value: str) -> None:
    program = Program(name="p", command=("true",), environment={"KEY": value})
    with pytest.raises(StackFault, match="misreads"):
        render_program(program, checkout=Path("/"), log_file=Path("/log"))
