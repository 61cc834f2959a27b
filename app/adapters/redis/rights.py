"""The port `RightsNotifier` on Redis: notifies every gateway of changed rights to bid."""

import msgspec
import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.protocol.channels import RIGHTS
from app.protocol.fanout import RightsChanged

log = structlog.get_logger()


class RedisRightsNotifier:
    """Publishes on the server that gateways listen to."""

    def __init__(self, fanout: Redis) -> None:
        self._fanout = fanout

    def changed(self, user_id: int, seller_id: int | None = None) -> None:
        """Publish it. Without Redis gateways notice when their cached rights expire."""
        try:
            self._fanout.publish(RIGHTS, msgspec.json.encode(RightsChanged(user_id, seller_id)))
        except RedisError as error:
            log.warning("rights_not_published", user_id=user_id, error=type(error).__name__)
