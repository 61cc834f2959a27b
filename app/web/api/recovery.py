"""Routes with mails: verifying an address, changing it and choosing a new password; and erasing an
account."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from structlog.contextvars import bound_contextvars

from app.protocol.resources import EmailChange, Erase, Forgot, Reset, Verify
from app.services.email_change import EmailChanges
from app.services.erasing import Erasure
from app.services.mails import Mails
from app.services.recovery import Recovery
from app.settings import Settings
from app.web.addresses import request_address
from app.web.api.route import Answer, Call, Route
from app.web.cookies import refresh_cookie


@dataclass(frozen=True, slots=True)
class RecoveryServices:
    """The services of the routes."""

    mails: Mails
    email_changes: EmailChanges
    recovery: Recovery
    erasure: Erasure


def recovery_routes(services: RecoveryServices, settings: Settings) -> list[Route]:
    """The routes; each has a rate of its own per address."""
    handlers = RecoveryHandlers(services, settings)
    rate = f"{settings.limits.mail_calls_per_hour}/hour"
    return [
        Route(
            method="POST", path="/api/auth/verify", summary="Prove the e-mail address",
            handle=handlers.verify, body=Verify, answers={204: None}, limit=rate,
        ),
        Route(
            method="POST", path="/api/me/verification", summary="Send the proof again",
            handle=handlers.request_proof, auth="required", answers={202: None}, limit=rate,
        ),
        Route(
            method="PUT", path="/api/me/email", summary="Send a link to my new e-mail address",
            handle=handlers.request_change, auth="required", body=EmailChange, answers={202: None},
            codes=("FORBIDDEN", "RATE_LIMITED"), limit=rate,
        ),
        Route(
            method="POST", path="/api/auth/forgot", summary="Send a link to a new password",
            handle=handlers.forgot, body=Forgot, answers={202: None}, limit=rate,
        ),
        Route(
            method="POST", path="/api/auth/reset", summary="Choose a new password by the link",
            handle=handlers.reset, body=Reset, answers={204: None}, limit=rate,
        ),
        Route(
            method="DELETE", path="/api/me", summary="Erase my account",
            handle=handlers.erase, auth="required", body=Erase, body_optional=True,
            answers={204: None}, codes=("FORBIDDEN", "LEADING", "RATE_LIMITED"), limit=rate,
        ),
    ]  # fmt: skip


class RecoveryHandlers:
    """From calls to the services."""

    def __init__(self, services: RecoveryServices, settings: Settings) -> None:
        self._services, self._settings = services, settings

    def verify(self, call: Call) -> Answer:
        """204: the address is verified, and the account's."""
        with self._address():
            self._services.recovery.verify(call.body.token)
        return Answer()

    def request_proof(self, call: Call) -> Answer:
        """202: a mail will be sent unless the address is verified."""
        self._services.mails.request_proof(call.identity.user_id)
        return Answer(status=202)

    def request_change(self, call: Call) -> Answer:
        """202: a mail will be sent unless another account has the address."""
        with self._address():
            self._services.email_changes.request(call.identity, call.body)
        return Answer(status=202)

    def forgot(self, call: Call) -> Answer:
        """202, whether or not there is such an account."""
        self._services.mails.request_reset(call.body.email)
        return Answer(status=202)

    def reset(self, call: Call) -> Answer:
        """204: the password is replaced, and all sessions have ended."""
        with self._address():
            self._services.recovery.reset(call.body)
        return self._signed_out()

    def erase(self, call: Call) -> Answer:
        """204: the account is erased."""
        with self._address():
            self._services.erasure.erase_own(call.identity, call.body.password)
        return self._signed_out()

    def _address(self) -> AbstractContextManager[None]:
        """Add the client's address to all log lines inside."""
        return bound_contextvars(address=request_address(self._settings))

    def _signed_out(self) -> Answer:
        return Answer(headers={"Set-Cookie": refresh_cookie(self._settings, "")})
