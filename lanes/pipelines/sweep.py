"""Wakes lanes that wait too long; one process is active, the others stand by."""

import time

from sqlalchemy import Connection, Engine

from lanes.pipelines.leader_elected import LeaderElected
from lanes.postgres.lanes import waiting_lanes
from lanes.postgres.locks import SWEEP_LOCK
from lanes.sweep import Sweep

PERIOD_S = 0.5  # it counts what waits in the inbox, row by row


class Sweeper(LeaderElected):
    """Runs the sweep twice a second."""

    name = "sweep"
    lock = SWEEP_LOCK

    def __init__(self, sweep: Sweep, engine: Engine) -> None:
        super().__init__(engine)
        self._sweep = sweep

    def act(self, connection: Connection) -> None:
        """Wake late lanes, and wait."""
        self._sweep.run(
            lambda older_than_s, limit: waiting_lanes(
                connection, older_than_s=older_than_s, limit=limit
            )
        )
        time.sleep(PERIOD_S)
