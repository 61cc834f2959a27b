"""The services of the commands on accounts and after a restore."""

from app.bootstrap.house import HouseContainer
from app.settings import Settings


def build_admin_container(settings: Settings) -> HouseContainer:
    """The services of a command; connects to nothing yet."""
    return HouseContainer(settings, application="operator")
