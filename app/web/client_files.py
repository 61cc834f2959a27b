"""Delivery of the browser client: the build's files, and the one page that is every page.

The build (vite.config.ts) leaves `dist/`: assets with a hash in their names, each text also as
`.br` and `.gz` beside it, `index.html`, and `routes.json` with the paths that are pages.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from flask import Flask, Response, request, send_from_directory
from markupsafe import escape
from werkzeug.exceptions import NotFound
from werkzeug.routing import PathConverter

DIST = Path(__file__).parent / "client" / "dist"
PAGE, ROUTES = "index.html", "routes.json"
ASSETS = "assets/"
# In order of preference: brotli is a sixth smaller.
ENCODINGS = {"br": ".br", "gzip": ".gz"}
NOT_SERVED = (PAGE, ROUTES, ".map", *ENCODINGS.values())
FOREVER = "public, max-age=31536000, immutable"  # another content has another name
UNHASHED = "public, max-age=3600"  # icons and the like: an hour after a deploy they are new
BASE_URL = "__BASE_URL__"  # crawlers take pictures by absolute addresses only
PROVIDERS = "__PROVIDERS__"  # the offered providers, so that their buttons need no call
ID = "[1-9][0-9]{0,15}"


class ClientPath(PathConverter):
    """Every path that is not the server's own: those keep their 404 and 405."""

    regex = r"(?!(?:api|ws|healthz|readyz|metrics|oauth2|login/oauth2)(?:/|$))[^/].*?"
    part_isolating = False


def install_client(
    app: Flask, *, base_url: str, providers: Sequence[str] = (), dist: Path = DIST
) -> None:
    """Serve the client's files and its page.

    `base_url` is the public address, `providers` those by which people may log in.
    """
    app.url_map.converters["client"] = ClientPath
    filled = {BASE_URL: base_url.rstrip("/"), PROVIDERS: " ".join(providers)}

    def client(path: str) -> Response:
        return _answer(dist, filled, path)

    app.add_url_rule("/", view_func=client, defaults={"path": ""})
    app.add_url_rule("/<client:path>", view_func=client)


def _answer(dist: Path, filled: Mapping[str, str], path: str) -> Response:
    """Return a file or the page; for what does not exist 404, as a page for browsers."""
    if _names_file(path):
        return _file(dist, path)
    status = 200 if _is_page(dist, path) else 404
    return _page(dist, filled, status)


def _names_file(path: str) -> bool:
    return path.startswith(ASSETS) or "." in path.rpartition("/")[2]


def _file(dist: Path, path: str) -> Response:
    if path.endswith(NOT_SERVED):
        return _missing()
    try:
        return _encoded(dist, path)
    except NotFound:
        return _missing()


def _encoded(dist: Path, path: str) -> Response:
    plain = send_from_directory(dist, path)
    existing = [name for name, suffix in ENCODINGS.items() if (dist / (path + suffix)).is_file()]
    chosen = _best_encoding(existing)
    answer = plain
    if chosen is not None:
        plain.close()
        answer = send_from_directory(dist, path + ENCODINGS[chosen], mimetype=plain.mimetype)
        answer.headers["Content-Encoding"] = chosen
    if existing:
        answer.vary.add("Accept-Encoding")
    answer.headers["Cache-Control"] = FOREVER if path.startswith(ASSETS) else UNHASHED
    return answer


def _best_encoding(existing: list[str]) -> str | None:
    """The encoding the request weighs most (RFC 9110, 12.5.3); None: as it is."""
    accepted = request.accept_encodings
    as_it_is = max((weight for name, weight in accepted if name == "identity"), default=0)
    weights = {name: accepted.quality(name) for name in existing}
    best = max(weights, key=weights.__getitem__, default=None)
    return best if best is not None and weights[best] > 0 and weights[best] >= as_it_is else None


def _page(dist: Path, filled: Mapping[str, str], status: int) -> Response:
    """Return the page, revalidated at every load and mostly answered 304: it names the newest
    assets."""
    text = _read(dist / PAGE).decode()
    for mark, value in filled.items():
        text = text.replace(mark, escape(value))
    answer = Response(text, status, mimetype="text/html")
    if status != 200:
        answer.headers["Cache-Control"] = "no-store"
        return answer
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(sha256(text.encode()).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


def _is_page(dist: Path, path: str) -> bool:
    """Whether the client shows something at this path."""
    patterns = msgspec.json.decode(_read(dist / ROUTES), type=list[str])
    return any(
        re.fullmatch(re.escape(pattern).replace(":id", ID), f"/{path}") for pattern in patterns
    )


def _read(file: Path) -> bytes:
    """Read a file of the build. Raise NotFound where nothing is built."""
    try:
        return file.read_bytes()
    except FileNotFoundError as missing:
        raise NotFound("the client is not built") from missing


def _missing() -> Response:
    answer = Response("Not found\n", 404, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer
