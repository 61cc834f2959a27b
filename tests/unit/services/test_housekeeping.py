"""A run of the housekeeping is bounded, and one store that is away holds up no other chore."""

from dataclasses import dataclass, field

from app.domain.errors import BusyError
from app.services.housekeeping import ARCHIVED_BIDS, OLD_CHAT, OLD_NOTICES, Housekeeping, Removed
from app.settings import Limits

LIMITS = Limits(housekeeping_batch_rows=10, housekeeping_rows_max=25)


@dataclass
class FakeChore:
    """A chore with this number of old rows, or one whose store is away."""

    name: str
    rows: int
    is_store_down: bool = False
    batches: list[int] = field(default_factory=list)

    def remove(self, limit: int) -> Removed:
        if self.is_store_down:
            raise BusyError("away")
        taken = min(limit, self.rows)
        self.rows -= taken
        self.batches.append(taken)
        return Removed(taken, more=self.rows > 0)


def test_a_run_stops_at_its_limit_and_the_next_continues() -> None:
    chore = FakeChore(ARCHIVED_BIDS, 45)
    housekeeping = Housekeeping([chore], limits=LIMITS)
    housekeeping.run()
    assert chore.batches == [10, 10, 10]
    housekeeping.run()
    assert chore.rows == 0


def test_a_store_that_is_away_holds_up_no_other_chore() -> None:
    chores = [
        FakeChore(ARCHIVED_BIDS, 3),
        FakeChore(OLD_CHAT, 3, is_store_down=True),
        FakeChore(OLD_NOTICES, 3),
    ]
    Housekeeping(chores, limits=LIMITS).run()
    assert [chore.rows for chore in chores] == [0, 3, 0]
