"""The Flask application: routes, limits, headers, the client's files, health, metrics."""

from flask import Flask

from app.bootstrap.gateway import WebContainer
from app.services.accounts import Accounts
from app.web.api.account import account_routes, user_routes
from app.web.api.admin import admin_routes, void_routes
from app.web.api.auth import auth_routes
from app.web.api.bids import bid_routes
from app.web.api.blocks import block_routes
from app.web.api.documents import with_documents
from app.web.api.identities import identity_routes
from app.web.api.market import auction_routes, notice_routes, product_routes
from app.web.api.recovery import RecoveryServices, recovery_routes
from app.web.api.rooms import room_routes
from app.web.api.route import IdConverter, Route, register
from app.web.client_files import install_client
from app.web.hashing import HashQueue
from app.web.headers import install_headers
from app.web.health import install_health
from app.web.limiting import make_limiter
from app.web.metering import install_metering
from app.web.problem import install_problems
from app.web.social import install_social
from app.web.tokens import JwtTokens
from app.web.tracing import install_tracing
from app.web.ws.routes import register_ws
from app.web.ws.waits import OutcomeWaits


def create_app(container: WebContainer) -> Flask:
    """The application on these services; connects to nothing yet."""
    settings = container.settings
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.limits.body_bytes_max
    app.url_map.converters["int"] = IdConverter
    install_metering(app)
    install_tracing(app)
    install_problems(app)
    install_headers(app, settings)
    hashing = HashQueue(waiting_max=settings.limits.hashes_waiting_max)
    passwords = container.make_passwords(hashing)
    accounts = container.make_accounts(JwtTokens(app, settings, epoch=container.epoch), passwords)
    waits = OutcomeWaits()
    social = container.make_social(accounts)
    by_mail = RecoveryServices(
        container.mails,
        container.make_email_changes(passwords),
        container.make_recovery(passwords),
        container.make_erasure(passwords),
    )
    routes = with_documents(
        [
            *api_routes(container, accounts, waits),
            *account_routes(
                container.make_password_changes(passwords), container.user_sessions, settings
            ),
            *identity_routes(social, settings),
            *recovery_routes(by_mail, settings),
        ]
    )
    redirects = install_social(app, social, settings)
    own_limits = {route.endpoint for route in routes if route.limit is not None} | set(redirects)
    limiter = make_limiter(app, settings, container.auth_redis, own_limits=own_limits)
    for route in routes:
        view = register(app, route, accounts.authenticate)
        if route.limit is not None:
            app.view_functions[route.endpoint] = limiter.limit(route.limit)(view)
    for endpoint, view in redirects.items():
        limit = f"{settings.limits.provider_redirects_per_minute}/minute"
        app.view_functions[endpoint] = limiter.limit(limit)(view)
    install_health(app, container)
    install_client(app, base_url=settings.base_url, providers=list(social.providers))
    register_ws(app, container, authenticate=accounts.authenticate, waits=waits)
    return app


def api_routes(container: WebContainer, accounts: Accounts, waits: OutcomeWaits) -> list[Route]:
    """Return all routes of the API."""
    return [
        *auth_routes(accounts, container.settings),
        *product_routes(container.catalogue),
        *auction_routes(container.auction_house),
        *bid_routes(container.bidding, waits, is_fanout_away=lambda: container.is_fanout_away),
        *notice_routes(container.notice_list, container.live),
        *room_routes(container.rooms),
        *block_routes(container.blocks),
        *admin_routes(container.dead_letter_administration),
        *user_routes(container.administration),
        *void_routes(container.auction_house),
    ]
