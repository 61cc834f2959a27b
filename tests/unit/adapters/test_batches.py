"""Records are written into the batches of Kafka's client, and answered as its own futures are."""

from itertools import pairwise

import pytest
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.structs import TopicPartition

from app.adapters.kafka.batches import Batches
from app.services.log import RecordMetadata
from lanes.time import from_epoch_ms
from tests.unit.adapters.offline_client import OfflineClient, records_of

PLACE = TopicPartition("auction-bid", 3)
LOG_TIME_MS = 1_764_000_000_123
HEADERS = [("traceparent", b"00-1-2-01")]


class Answers:
    """The records that a test has appended, and their results."""

    def __init__(self, client: OfflineClient) -> None:
        self.client = client
        self.of: dict[str, list[RecordMetadata | Exception]] = {}
        self.order: list[str] = []
        self._batches: Batches[str] = Batches(
            client, on_acknowledged=self._answer, on_failed=self._answer
        )

    def append(self, *records: str, headers: list[tuple[str, bytes]] | None = None) -> None:
        for record in records:
            value = record.encode()
            self._batches.append(PLACE, key=b"7", value=value, headers=headers or [], record=record)

    def _answer(self, record: str, answer: RecordMetadata | Exception) -> None:
        self.of.setdefault(record, []).append(answer)
        self.order.append(record)


@pytest.fixture
def answers() -> Answers:
    return Answers(OfflineClient())


def metadata(offset: int) -> list[RecordMetadata]:
    return [RecordMetadata(3, offset, from_epoch_ms(LOG_TIME_MS))]


def test_records_of_a_batch_get_their_offsets_and_one_log_time(answers: Answers) -> None:
    answers.append("a", "b", "c")
    answers.client.take(PLACE).complete(40, LOG_TIME_MS)
    assert answers.of == {"a": metadata(40), "b": metadata(41), "c": metadata(42)}
    assert answers.order == ["a", "b", "c"]
    assert answers.client.sends == 1, "the others are written into the batch that it has opened"


def test_records_are_encoded_as_given(answers: Answers) -> None:
    answers.append("a", headers=HEADERS)
    answers.append("b")
    answers.append("c", headers=HEADERS)
    assert records_of(answers.client.take(PLACE)) == [
        (b"7", b"a", HEADERS),
        (b"7", b"b", []),
        (b"7", b"c", HEADERS),
    ]


def test_a_record_after_a_drained_batch_opens_another(
    answers: Answers,
) -> None:
    answers.append("a", "b")
    first = answers.client.take(PLACE)
    answers.append("c", "d")
    assert (answers.client.sends, answers.client.wakes) == (2, 2)
    answers.client.take(PLACE).complete(12, LOG_TIME_MS)
    assert list(answers.of) == ["c", "d"]
    first.complete(10, LOG_TIME_MS)
    assert answers.of == {
        "a": metadata(10),
        "b": metadata(11),
        "c": metadata(12),
        "d": metadata(13),
    }


def test_a_full_batch_is_followed_by_another() -> None:
    answers = Answers(OfflineClient(batch_bytes=500))
    names = [f"{number:0100}" for number in range(10)]
    answers.append(*names)
    batches = answers.client.waiting(PLACE)
    assert len(batches) > 1
    for number, _ in enumerate(batches):
        answers.client.take(PLACE).complete(100 * number, LOG_TIME_MS)
    assert answers.order == names
    offsets = [
        answer.offset for (answer,) in answers.of.values() if isinstance(answer, RecordMetadata)
    ]
    assert len(offsets) == len(names)
    assert all(before < after for before, after in pairwise(offsets))


def test_a_batch_that_the_producer_drops_fails_for_all(answers: Answers) -> None:
    answers.append("a", "b", "c")
    error = KafkaTimeoutError("4 s")
    batch = answers.client.take(PLACE)
    batch.complete_exceptionally(error, lambda _: error)
    assert answers.of == {"a": [error], "b": [error], "c": [error]}


def test_each_record_gets_the_error_the_broker_names(answers: Answers) -> None:
    answers.append("a", "b")
    errors = [KafkaError("first"), KafkaError("second")]
    answers.client.take(PLACE).complete_exceptionally(errors[0], errors.__getitem__)
    assert answers.of == {"a": [errors[0]], "b": [errors[1]]}


def test_a_batch_that_is_aborted_fails_for_all(answers: Answers) -> None:
    answers.append("a", "b")
    error = KafkaError("closed")
    answers.client.take(PLACE).abort(error)
    assert answers.of == {"a": [error], "b": [error]}


def test_a_retried_batch_is_answered_once_and_is_closed(answers: Answers) -> None:
    answers.append("a", "b")
    answers.client.retry(answers.client.take(PLACE))
    answers.append("c")
    again = answers.client.take(PLACE)
    assert [value for _, value, _ in records_of(again)] == [b"a", b"b"]
    again.complete(5, LOG_TIME_MS)
    answers.client.take(PLACE).complete(7, LOG_TIME_MS)
    assert answers.of == {"a": metadata(5), "b": metadata(6), "c": metadata(7)}


def test_each_record_of_a_split_batch_is_answered_once(answers: Answers) -> None:
    answers.append("a", "b", "c", "d", "e")
    answers.client.split(answers.client.take(PLACE))
    answers.append("f", "g")
    taken = [answers.client.take(PLACE) for _ in answers.client.waiting(PLACE)]
    values = [value.decode() for batch in taken for _, value, _ in records_of(batch)]
    assert values == ["a", "b", "c", "d", "e", "f", "g"]
    offset = 20
    for batch in taken:
        batch.complete(offset, LOG_TIME_MS)
        offset += batch.record_count
    assert answers.of == {name: metadata(20 + number) for number, name in enumerate("abcdefg")}


def test_a_half_of_a_split_batch_fails_alone(answers: Answers) -> None:
    answers.append("a", "b", "c", "d")
    answers.client.split(answers.client.take(PLACE))
    error = KafkaTimeoutError("4 s")
    answers.client.take(PLACE).complete_exceptionally(error, lambda _: error)
    answers.client.take(PLACE).complete(9, LOG_TIME_MS)
    assert answers.of == {"a": [error], "b": [error], "c": metadata(9), "d": metadata(10)}


def test_producer_timestamps_are_kept_where_the_topic_has_them(answers: Answers) -> None:
    answers.append("a", "b")
    answers.client.take(PLACE).complete(1, -1)
    times = [
        answer.log_time for (answer,) in answers.of.values() if isinstance(answer, RecordMetadata)
    ]
    assert len(times) == 2
    assert times[0] <= times[1]


def test_a_closing_producer_accepts_no_record(answers: Answers) -> None:
    answers.append("a")
    answers.client.close_batches()
    with pytest.raises(KafkaError):
        answers.append("b")
    answers.client.take(PLACE).complete(1, LOG_TIME_MS)
    assert answers.of == {"a": metadata(1)}
