"""Routes of the provider log-ins linked to the caller's account."""

from structlog.contextvars import bound_contextvars

from app.domain.errors import ConflictError, NotFoundError
from app.protocol.resources import Identities
from app.services.social import LinkOffer, SocialLogIn
from app.settings import Settings
from app.web.addresses import request_address
from app.web.api.route import Answer, Call, Route
from app.web.social import offer_cookie


def identity_routes(social: SocialLogIn, settings: Settings) -> list[Route]:
    """The routes of linked log-ins."""
    handlers = IdentityHandlers(social, settings)
    path = "/api/me/identities"
    return [
        Route(
            method="GET", path=path, summary="My linked log-ins",
            handle=handlers.list, auth="required", answers={200: Identities},
        ),
        Route(
            method="POST", path=path, summary="Link the log-in that a provider has just confirmed",
            handle=handlers.link, auth="required", answers={201: Identities},
            codes=("FORBIDDEN", "LINK_EXPIRED", "IDENTITY_TAKEN"),
        ),
        Route(
            method="DELETE", path=f"{path}/<provider>", summary="Unlink a log-in",
            handle=handlers.unlink, auth="required", answers={204: None},
            codes=("NOT_FOUND", "LAST_LOGIN"),
        ),
    ]  # fmt: skip


class IdentityHandlers:
    """From calls to the service."""

    def __init__(self, social: SocialLogIn, settings: Settings) -> None:
        self._social, self._settings = social, settings
        self._offers = offer_cookie(settings)

    def list(self, call: Call) -> Answer:
        """200 with those of the caller."""
        return Answer(Identities(self._social.identities(call.identity.user_id)))

    def link(self, call: Call) -> Answer:
        """201 with those of the caller then."""
        offer = self._offers.read(LinkOffer)
        if offer is None:
            raise ConflictError("LINK_EXPIRED", "nothing to link: begin anew")
        with bound_contextvars(address=request_address(self._settings)):
            linked = Identities(self._social.link(call.identity.user_id, offer))
        return Answer(linked, 201, {"Set-Cookie": self._offers.cleared()})

    def unlink(self, call: Call) -> Answer:
        """204."""
        with bound_contextvars(address=request_address(self._settings)):
            is_done = self._social.unlink(call.identity.user_id, call.ids["provider"])
        if not is_done:
            raise NotFoundError("no such log-in is linked")
        return Answer()
