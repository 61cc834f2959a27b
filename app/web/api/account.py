"""The account of the signed-in user: sessions and password; and all accounts, for admins."""

from structlog.contextvars import bound_contextvars

from app.observability.security_log import SecurityEvent, log_security
from app.protocol.resources import (
    AdminUser,
    Listed,
    Page,
    PasswordChange,
    Session,
    UserChange,
    UserQuery,
)
from app.services.administration import Administration
from app.services.password_change import PasswordChanges
from app.services.sessions import UserSessions
from app.settings import Settings
from app.web.addresses import request_address
from app.web.api.route import Answer, Call, Route


def account_routes(
    passwords: PasswordChanges, sessions: UserSessions, settings: Settings
) -> list[Route]:
    """Sessions and password."""

    def ended(call: Call) -> Answer:
        sessions.end(call.identity.user_id, call.ids["session_id"])
        log_security(SecurityEvent.SESSIONS_ENDED, user_id=call.identity.user_id, which="one")
        return Answer()

    def ended_others(call: Call) -> Answer:
        who = call.identity
        sessions.end_others(who.user_id, who.session_id)
        log_security(SecurityEvent.SESSIONS_ENDED, user_id=who.user_id, which="others")
        return Answer()

    def changed_password(call: Call) -> Answer:
        with bound_contextvars(address=request_address(settings)):
            passwords.change(call.identity, call.body)
        return Answer()

    return [
        Route(
            method="GET", path="/api/me/sessions", summary="My sessions", auth="required",
            handle=lambda c: Answer(
                sessions.page(c.identity.user_id, c.identity.session_id, c.query)
            ),
            query=Page, answers={200: Listed[Session]},
        ),
        Route(
            method="DELETE", path="/api/me/sessions", summary="End all my other sessions",
            auth="required", handle=ended_others, answers={204: None},
        ),
        Route(
            method="DELETE", path="/api/me/sessions/<int:session_id>", summary="End a session",
            auth="required", handle=ended, answers={204: None}, codes=("NOT_FOUND",),
        ),
        Route(
            method="POST", path="/api/me/password", summary="Change my password",
            auth="required", handle=changed_password, body=PasswordChange, answers={204: None},
            codes=("RATE_LIMITED",), limit=f"{settings.limits.logins_per_minute}/minute",
        ),
    ]  # fmt: skip


def user_routes(administration: Administration) -> list[Route]:
    """All accounts."""

    def changed(call: Call) -> Answer:
        admin_id = call.identity.user_id
        return Answer(administration.change_by_admin(admin_id, call.ids["user_id"], call.body))

    return [
        Route(
            method="GET", path="/api/admin/users", summary="Accounts", auth="admin",
            handle=lambda c: Answer(administration.page(c.query)),
            query=UserQuery, answers={200: Listed[AdminUser]},
        ),
        Route(
            method="PATCH", path="/api/admin/users/<int:user_id>",
            summary="Give a role, suspend, ban", auth="admin", handle=changed, body=UserChange,
            answers={200: AdminUser}, codes=("NOT_FOUND",),
        ),
    ]  # fmt: skip
