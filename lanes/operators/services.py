"""What the commands of operators use."""

from typing import Any, Protocol

from lanes.audit.run import AuditSources
from lanes.dead_letter_list import DeadLetterList
from lanes.parking import Parked
from lanes.replay import Replayer


class OperatorServices(Protocol):
    """The use-cases of operators, on any store; they connect to nothing before they are used."""

    @property
    def parked(self) -> Parked[Any]:
        """Parked lanes and partitions."""
        ...

    @property
    def dead_letter_list(self) -> DeadLetterList:
        """Lists of dead letters."""
        ...

    @property
    def replayer(self) -> Replayer[Any]:
        """Replays of dead letters."""
        ...

    @property
    def audit_sources(self) -> AuditSources[Any]:
        """What an audit reads."""
        ...
