"""How the client's files and its page are answered."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web.client_files import install_client

SCRIPT = "assets/index-Bx1.js"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """What a build leaves."""
    files = {
        "index.html": '<meta property="og:image" content="__BASE_URL__/share.png">',
        "routes.json": '["/", "/login", "/auctions/:id"]',
        "icon.svg": "<svg/>",
        SCRIPT: "plain",
        f"{SCRIPT}.br": "brotli",
        f"{SCRIPT}.gz": "gzip",
        f"{SCRIPT}.map": "source",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def client(dist: Path) -> FlaskClient:
    """A browser of the application that serves it."""
    app = Flask(__name__, static_folder=None)
    install_client(app, base_url="https://house.example", dist=dist)
    return app.test_client()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        (None, None),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("identity, br;q=0.5", None),
        ("*", "br"),
        ("*;q=0", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_a_script_has_the_encoding_the_browser_prefers(
    client: FlaskClient, accepted: str | None, encoding: str | None
) -> None:
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = client.get(f"/{SCRIPT}", headers=headers)
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.text == {None: "plain", "br": "brotli", "gzip": "gzip"}[encoding]
    assert "javascript" in answer.headers["Content-Type"]
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_encodings_have_tags_of_their_own_and_a_known_one_is_304(client: FlaskClient) -> None:
    tags = set()
    for encoding in ("br", "gzip", "identity"):
        headers = {"Accept-Encoding": encoding}
        tag = client.get(f"/{SCRIPT}", headers=headers).headers["ETag"]
        again = client.get(f"/{SCRIPT}", headers={**headers, "If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Vary"] == "Accept-Encoding"
        tags.add(tag)
    assert len(tags) == 3


@pytest.mark.parametrize("path", ["/", "/login", "/auctions/12", "/login?next=%2Fbids"])
def test_a_cached_page_is_always_revalidated(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert 'content="https://house.example/share.png"' in answer.text
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/login/", "/auctions/", "/auctions/01", "/auctions/1/x", "/auctions/\uff11"],
)
def test_a_missing_page_is_404_and_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "og:image" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/index-old.js",
        "/assets/nothing",
        "/assets/",
        "/favicon.png",
        f"/{SCRIPT}.map",
        f"/{SCRIPT}.br",
        "/routes.json",
        "/index.html",
        "/assets/../../client_files.py",
        "/%2e%2e/client_files.py",
    ],
)
def test_a_file_that_is_not_served_is_a_plain_404(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_file_without_a_hash_in_its_name_is_kept_for_an_hour(client: FlaskClient) -> None:
    answer = client.get("/icon.svg")
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", ["/api/nothing", "/api", "/ws", "/healthz", "/metrics/x"])
def test_the_servers_own_paths_are_not_the_clients(client: FlaskClient, path: str) -> None:
    assert "og:image" not in client.get(path).text


def test_without_a_build_there_is_no_page(tmp_path: Path) -> None:
    app = Flask(__name__, static_folder=None)
    install_client(app, base_url="https://house.example", dist=tmp_path)
    assert app.test_client().get("/").status_code == 404
