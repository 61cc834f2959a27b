"""The services of a test, which plays the parts of several processes in one."""

from app.bootstrap.bids import BidsContainer
from app.bootstrap.bridge import BridgeContainer
from app.bootstrap.gateway import WebContainer
from app.bootstrap.maintenance import MaintenanceContainer
from app.bootstrap.operator import OperatorContainer
from app.settings import Settings


class Container(
    WebContainer, OperatorContainer, BridgeContainer, BidsContainer, MaintenanceContainer
):
    """Services of every kind of process."""


def build_container(settings: Settings, *, application: str) -> Container:
    """They connect to nothing yet; `application` names them to the servers they connect to."""
    return Container(settings, application=application)
