"""What a process asks the stores at its start in production: whether they ask for a password."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from app.adapters.mongo.password import lets_anybody_in as mongo_lets_in
from app.adapters.postgres.password import lets_anybody_in as postgres_lets_in
from app.adapters.redis.password import lets_anybody_in as redis_lets_in
from app.settings import REFUSED, Settings
from app.store_security import PRODUCTION

ASKED: dict[str, Callable[..., bool]] = {
    "database_url": postgres_lets_in,
    "redis_broker_url": redis_lets_in,
    "redis_fanout_url": redis_lets_in,
    "redis_auth_url": redis_lets_in,
    "mongodb_url": mongo_lets_in,
}


def refuse_open_stores(settings: Settings) -> None:
    """End with code 2 and one line when, in production, a store lets in who shows no password.

    Who could reach its port could forge what is in it. A store that does not answer is none of
    those: processes may start before their stores do. Kafka's turn is `python -m bridge topics`.
    """
    if settings.profile != PRODUCTION:
        return
    with ThreadPoolExecutor(len(ASKED)) as together:
        answers = {
            name: together.submit(lets_in, getattr(settings, name), limits=settings.limits)
            for name, lets_in in ASKED.items()
        }
    names = [name.upper() for name, answer in answers.items() if answer.result()]
    if names:
        print(
            f"{', '.join(names)}: the server lets in who shows no password, which "
            f"PROFILE={PRODUCTION} forbids",
            file=sys.stderr,
        )
        raise SystemExit(REFUSED)
