"""The Flask application: routes, limits, headers, the client's files, health, metrics."""

import math
import time

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from redis import Redis

from app.bootstrap import Container
from app.services.accounts import Accounts
from app.settings import Settings
from app.web.addresses import address_group, is_trusted, request_address
from app.web.api.admin import admin_routes
from app.web.api.auth import auth_routes
from app.web.api.bids import bid_routes
from app.web.api.documents import with_documents
from app.web.api.market import auction_routes, notice_routes, product_routes
from app.web.api.rooms import room_routes
from app.web.api.route import IdConverter, Route, register
from app.web.client_files import install_client
from app.web.hashing import HashQueue
from app.web.headers import install_headers
from app.web.health import install_health
from app.web.metering import endpoint, install_metering
from app.web.problem import install_problems, problem
from app.web.tokens import JwtTokens
from app.web.ws.routes import register_ws
from app.web.ws.waits import OutcomeWaits


def create_app(container: Container) -> Flask:
    """The application on these services; connects to nothing yet."""
    settings = container.settings
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.limits.body_bytes_max
    app.url_map.converters["int"] = IdConverter
    install_metering(app)
    install_problems(app)
    hashing = HashQueue(waiting_max=settings.limits.hashes_waiting_max)
    accounts = container.make_accounts(JwtTokens(app, settings), hashing)
    limiter = make_limiter(app, settings, container.auth_redis)
    waits = OutcomeWaits()
    routes = with_documents(api_routes(container, accounts, waits))
    for route in routes:
        view = register(app, route, accounts.authenticate)
        if route.limit is not None:
            app.view_functions[route.endpoint] = limiter.limit(route.limit)(view)
    install_health(app, container)
    install_client(app, base_url=settings.base_url)
    register_ws(
        app,
        container,
        authenticate=accounts.authenticate,
        auction_views=container.auction_views,
        waits=waits,
    )
    install_headers(app, settings)
    return app


def api_routes(container: Container, accounts: Accounts, waits: OutcomeWaits) -> list[Route]:
    """All that the API can do."""
    return [
        *auth_routes(accounts, container.settings),
        *product_routes(container.catalogue),
        *auction_routes(container.auction_house),
        *bid_routes(container.bidding, waits, is_deaf=lambda: container.is_fanout_away),
        *notice_routes(container.notice_list, container.live),
        *room_routes(container.rooms),
        *admin_routes(container.dead_letter_list, container.replaying),
    ]


def make_limiter(app: Flask, settings: Settings, redis: Redis) -> Limiter:
    """Rates per address group, counted in Redis; without Redis, in this process.

    What no route answers (404, 405) counts too.
    """
    limiter = Limiter(
        lambda: address_group(request_address(settings)),
        app=app,
        application_limits=[f"{settings.limits.requests_per_minute}/minute"],
        request_identifier=endpoint,
        storage_uri=settings.redis_auth_url,
        # Annotated as text or numbers; the storage takes a pool by this name.
        storage_options={"connection_pool": redis.connection_pool},  # type: ignore[dict-item]
        in_memory_fallback_enabled=True,
        # Its headers ask Redis once more for every answer, and put the end of the window into the
        # Retry-After of answers that speak of something else (BUSY).
        headers_enabled=False,
    )

    def is_exempt() -> bool:
        trusted = is_trusted(request_address(settings), settings)
        return trusted or not f"{request.path}/".startswith("/api/")

    def refused(_: RateLimitExceeded) -> Response:
        answer = problem("RATE_LIMITED", "too many requests from this address")
        limit = limiter.current_limit
        if limit is not None:
            answer.headers["Retry-After"] = str(max(1, math.ceil(limit.reset_at - time.time())))
        return answer

    app.register_error_handler(RateLimitExceeded, refused)
    limiter.request_filter(is_exempt)
    return limiter
