"""The port `Precis` by precis-i18n, on the Unicode tables of the Python that runs it."""

from precis_i18n import get_profile

from app.services.profiles import NotInProfileError


class PrecisProfiles:
    """The enforcement of RFC 8266 and RFC 8265, case preserved."""

    def __init__(self) -> None:
        self._nickname = get_profile("NicknameCasePreserved")
        self._password = get_profile("OpaqueString")

    def nickname(self, text: str) -> str:
        """Return the text as RFC 8266 *Nickname* keeps it. Raise NotInProfileError."""
        try:
            return self._nickname.enforce(text)
        except UnicodeEncodeError as error:
            raise NotInProfileError("has a character that nicknames may not have") from error

    def password(self, text: str) -> str:
        """Return the text as RFC 8265 *OpaqueString* keeps it. Raise NotInProfileError.

        The error says nothing of the text: what caused it would hold the password.
        """
        try:
            return self._password.enforce(text)
        except UnicodeEncodeError:
            raise NotInProfileError("has a character that passwords may not have") from None
