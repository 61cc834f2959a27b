"""Questions about a group are asked again while no broker answers for it yet."""

from collections.abc import Callable

import pytest
from kafka.errors import GroupAuthorizationFailedError, KafkaError

from lanes.kafka import coordinators
from lanes.kafka.coordinators import NOT_YET, ask_coordinator
from lanes.settings import KafkaSettings

PATIENCE_MS = 60_000


class Admin:
    """A client of the broker below."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True


class Broker:
    """Answers with each of `errors`, and after them with 5."""

    def __init__(self, *errors: type[KafkaError]) -> None:
        self.errors, self.questions = list(errors), 0
        self.clients: list[Admin] = []

    def connect(self, *_: object, **__: object) -> Admin:
        self.clients.append(Admin())
        return self.clients[-1]

    def ask(self, timeout_ms: int) -> int:
        return ask_coordinator(
            KafkaSettings(bootstrap_servers="kafka:9092"), self._answer, timeout_ms=timeout_ms
        )

    def _answer(self, admin: object) -> int:
        assert admin is self.clients[-1]
        self.questions += 1
        if self.errors:
            raise self.errors.pop(0)
        return 5


MakeBroker = Callable[..., Broker]


@pytest.fixture
def make_broker(monkeypatch: pytest.MonkeyPatch) -> MakeBroker:
    def make(*errors: type[KafkaError]) -> Broker:
        broker = Broker(*errors)
        monkeypatch.setattr(coordinators, "AGAIN_S", 0.0)
        monkeypatch.setattr(coordinators, "make_admin", broker.connect)
        return broker

    return make


@pytest.mark.parametrize("error", NOT_YET)
def test_it_waits_for_a_coordinator(error: type[KafkaError], make_broker: MakeBroker) -> None:
    broker = make_broker(error, error)
    assert broker.ask(PATIENCE_MS) == 5
    assert broker.questions == 3
    assert [client.is_closed for client in broker.clients] == [True] * 3, "a new one each time"


def test_it_gives_up_when_there_is_none_for_too_long(make_broker: MakeBroker) -> None:
    broker = make_broker(*NOT_YET)
    with pytest.raises(NOT_YET[0]):
        broker.ask(-1_000)
    assert broker.questions == 1


def test_it_does_not_ask_again_after_other_errors(make_broker: MakeBroker) -> None:
    broker = make_broker(GroupAuthorizationFailedError)
    with pytest.raises(GroupAuthorizationFailedError):
        broker.ask(PATIENCE_MS)
    assert broker.questions == 1
