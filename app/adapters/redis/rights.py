"""The port `RightsNotifier` on Redis: every gateway hears which rights to bid have changed."""

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
        """Tell it. Without Redis gateways learn of it when what they remember gets old."""
        try:
            self._fanout.publish(RIGHTS, msgspec.json.encode(RightsChanged(user_id, seller_id)))
        except RedisError as error:
            log.warning("rights_untold", user_id=user_id, error=type(error).__name__)
