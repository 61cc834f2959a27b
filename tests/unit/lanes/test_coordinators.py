"""Questions about a group are asked again while no broker answers for it yet."""

import pytest
from kafka.errors import GroupAuthorizationFailedError, KafkaError

from lanes.kafka.coordinators import NOT_YET, when_coordinated

PATIENCE_S = 60.0


class Broker:
    """Answers with each of `errors`, and after them with 5."""

    def __init__(self, *errors: type[KafkaError]) -> None:
        self.errors, self.questions = list(errors), 0

    def ask(self) -> int:
        self.questions += 1
        if self.errors:
            raise self.errors.pop(0)
        return 5


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanes.kafka.coordinators.AGAIN_S", 0.0)


@pytest.mark.parametrize("error", NOT_YET)
def test_it_waits_for_a_coordinator(error: type[KafkaError]) -> None:
    broker = Broker(error, error)
    assert when_coordinated(broker.ask, within_s=PATIENCE_S) == 5
    assert broker.questions == 3


def test_it_gives_up_when_there_is_none_for_too_long() -> None:
    broker = Broker(*NOT_YET)
    with pytest.raises(NOT_YET[0]):
        when_coordinated(broker.ask, within_s=-1)
    assert broker.questions == 1


def test_it_does_not_ask_again_after_other_errors() -> None:
    broker = Broker(GroupAuthorizationFailedError)
    with pytest.raises(GroupAuthorizationFailedError):
        when_coordinated(broker.ask, within_s=PATIENCE_S)
    assert broker.questions == 1
