"""The providers over HTTP: a Flask application that answers as each dialect says."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from stack.providers.dialects import Dialect, Google, Kakao, Naver
from stack.providers.grants import Grant, Grants, RefusedError
from stack.providers.pages import consent_page, error_page
from stack.providers.people import person_of

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
CALLBACK_PATH = "/login/oauth2/code/"
CODE_GRANT = "authorization_code"
FORM_BYTES_MAX = 16 * 1024


def make_dialects(url: str, *, client_id: str, client_secret: str) -> list[Dialect]:
    """The three, each at a path of `url`, for an application of this name and secret."""
    kinds = (Google, Kakao, Naver)
    return [kind(f"{url}/{kind.name}", client_id, client_secret) for kind in kinds]


def make_provider_app(dialects: Iterable[Dialect], grants: Grants) -> Flask:
    """An application that serves them."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = FORM_BYTES_MAX
    for dialect in dialects:
        _install(app, Views(dialect, grants))
    app.add_url_rule("/healthz", view_func=lambda: jsonify(status="ok"), endpoint="healthz")
    return app


def _install(app: Flask, views: "Views") -> None:
    dialect = views.dialect
    found = {
        dialect.authorize_path: (views.authorize, ["GET", "POST"]),
        dialect.token_path: (views.token, ["POST"]),
        dialect.profile_path: (views.profile, ["GET", "POST"]),
    }
    if dialect.is_openid:
        found["/.well-known/openid-configuration"] = (views.discovery, ["GET"])
        found[dialect.jwks_path] = (views.jwks, ["GET"])
    for path, (view, methods) in found.items():
        full = f"/{dialect.name}{path}"
        app.add_url_rule(full, endpoint=full, view_func=view, methods=methods)


@dataclass(frozen=True, slots=True)
class Views:
    """What one provider does."""

    dialect: Dialect
    grants: Grants

    def discovery(self) -> ResponseReturnValue:
        """Where everything is."""
        return jsonify(self.dialect.discovery())

    def jwks(self) -> ResponseReturnValue:
        """The public keys."""
        return jsonify(self.dialect.keys.public())

    def authorize(self) -> ResponseReturnValue:
        """The consent page, and what is made of the answer; only what is registered is led back."""
        asked = request.args
        if asked.get("client_id") != self.dialect.client_id:
            return error_page(self.dialect.title, "invalid_client"), 401
        if not _is_registered(asked.get("redirect_uri", ""), self.dialect.name):
            return error_page(self.dialect.title, "redirect_uri_mismatch"), 400
        if (
            asked.get("response_type") != "code"
            or asked.get("code_challenge_method", "S256") != "S256"
        ):
            return error_page(self.dialect.title, "invalid_request"), 400
        if request.method == "GET":
            return consent_page(self.dialect)
        return self._decided()

    def _decided(self) -> ResponseReturnValue:
        form = request.form
        decision = form.get("decision", "")
        if decision in ("refuse", "under_age"):
            return self._back(self.dialect.denied(under_age=decision == "under_age"))
        chosen, name, email = (form.get(field, "") for field in ("person", "name", "email"))
        person = person_of(self.dialect.name, chosen, name, email)
        if person is None:
            return consent_page(self.dialect), 400
        grant = Grant(
            provider=self.dialect.name,
            redirect_uri=request.args["redirect_uri"],
            nonce=request.args.get("nonce"),
            challenge=request.args.get("code_challenge"),
            person=person,
            shares_email=bool(form.get("share_email")),
        )
        return self._back(self.dialect.callback(self.grants.issue_code(grant)))

    def token(self) -> ResponseReturnValue:
        """Tokens for a code."""
        form = request.form
        code = form.get("code", "")
        try:
            self._check_client()
            grant = self.grants.redeem(
                self.dialect.name,
                code,
                redirect_uri=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
            )
        except RefusedError as refused:
            body, status = self.dialect.refused(refused, code)
            return jsonify(body), status
        return jsonify(self.dialect.tokens(grant, self.grants.issue_token(grant)))

    def profile(self) -> ResponseReturnValue:
        """Who the bearer speaks for."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self.grants.of_token(self.dialect.name, token)
        if scheme.lower() != "bearer" or grant is None:
            body, status = self.dialect.no_token()
            return jsonify(body), status
        return jsonify(self.dialect.profile(grant))

    def _check_client(self) -> None:
        form = request.form
        given = (form.get("client_id"), form.get("client_secret"))
        if given != (self.dialect.client_id, self.dialect.client_secret):
            raise RefusedError("client")
        if form.get("grant_type") != CODE_GRANT:
            raise RefusedError("type")

    @staticmethod
    def _back(answer: dict[str, str]) -> Response:
        asked = urlsplit(request.args["redirect_uri"])
        state = request.args.get("state")
        kept = parse_qs(asked.query)
        query = urlencode({**kept, **({"state": state} if state else {}), **answer}, doseq=True)
        return redirect(asked._replace(query=query).geturl(), 302)  # type: ignore[return-value]


def _is_registered(uri: str, provider: str) -> bool:
    """Whether it is the callback of a house on this machine, at whatever port."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.hostname in LOOPBACK and parts.path == f"{CALLBACK_PATH}{provider}"
