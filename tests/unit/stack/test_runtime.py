"""What a stack remembers of itself."""

from pathlib import Path

import pytest

from stack.control import Control
from stack.faults import StackFault
from stack.places import Places
from stack.progress import silent
from stack.runtime import Stack
from stack.settings import read_settings

OFFSET = 4_200


def test_a_cleaned_stack_keeps_its_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start_nothing(*_: object, **__: object) -> None:
        raise StackFault("far enough")

    monkeypatch.delenv("STACK_PORT_OFFSET", raising=False)  # it was obeyed at the first start
    monkeypatch.setattr(Control, "start_supervisor", start_nothing)
    monkeypatch.setattr("stack.runtime.check_free", lambda _: None)  # another stack may have them
    places = Places(root=tmp_path, run_dir=tmp_path / "run", data_dir=tmp_path / "data")
    settings = read_settings(profile="test", port_offset=OFFSET)
    stack = Stack("test", places=places, settings=settings, step=silent)
    stack.clean()
    with pytest.raises(StackFault, match="far enough"):
        stack.servers_up()
    assert places.port_offset_file.read_text() == str(OFFSET)
