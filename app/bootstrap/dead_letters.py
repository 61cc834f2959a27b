"""The services of processes that list and replay dead letters: gateways, commands of operators."""

import time
from functools import cached_property

from sqlalchemy import Connection

from app.bootstrap.log import LogContainer
from app.services.dead_letters import DeadLetterAdministration
from lanes import DEAD_LETTER_SUFFIX, DeadLetterList, Replayer
from lanes.kafka.replay_log import KafkaReplayLog
from lanes.postgres.replay import PostgresReplayStore, PostgresStoredDeadLetters


class DeadLetterContainer(LogContainer):
    """Services with dead letters."""

    @cached_property
    def dead_letter_list(self) -> DeadLetterList:
        """Lists of dead letters."""
        names = [topic.name for topic in self.topics]
        live = [name for name in names if not name.endswith(DEAD_LETTER_SUFFIX)]
        return DeadLetterList(PostgresStoredDeadLetters(self.begin), live)

    @cached_property
    def replayer(self) -> Replayer[Connection]:
        """Replays of dead letters."""
        limits = self.settings.limits
        return Replayer(
            self.dead_letter_list,
            PostgresReplayStore(self.begin, quiet_s=limits.replay_quiet_s),
            KafkaReplayLog(self.settings.kafka, name=f"{self.application}-replay"),
            begin=self.begin,
            lanes=self.lane_topics,
            limits=limits,
            clock=time.monotonic,
            sleep=time.sleep,
        )

    @cached_property
    def dead_letter_administration(self) -> DeadLetterAdministration:
        """Dead letters as admins list and replay them."""
        return DeadLetterAdministration(
            self.dead_letter_list,
            self.replayer,
            replays_looked_at_max=self.settings.limits.replays_looked_at_max,
        )
