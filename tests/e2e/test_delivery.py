"""The delivery of the built client by a gateway."""

import re

import httpx
import pytest

from tests.e2e.people import Gateway


@pytest.fixture(scope="module")
def page(gateway: Gateway) -> httpx.Response:
    """The front page."""
    return gateway.http.get("/")


def linked(page: httpx.Response) -> list[str]:
    """The files of this site that a page names, pictures by their absolute address too."""
    return [
        name.removeprefix(str(page.url).rstrip("/"))
        for name in re.findall(r'(?:href|src|content)="([^"]+\.\w+)"', page.text)
    ]


def test_every_file_that_the_page_names_exists(gateway: Gateway, page: httpx.Response) -> None:
    names = linked(page)
    assert {"/favicon.ico", "/share.png", "/manifest.webmanifest"} <= set(names)
    for name in names:
        answer = gateway.http.get(name)
        assert answer.status_code == 200, name
        assert answer.headers["Content-Type"].split(";")[0] != "text/html", name


@pytest.mark.parametrize("encoding", ["br", "gzip"])
@pytest.mark.parametrize("kind", ["js", "css"])
def test_scripts_and_styles_are_compressed(
    gateway: Gateway, page: httpx.Response, kind: str, encoding: str
) -> None:
    (name,) = [name for name in linked(page) if name.endswith(f".{kind}")]
    length = {}
    for accepted in ("identity", encoding):
        answer = gateway.http.head(name, headers={"Accept-Encoding": accepted})
        length[accepted] = int(answer.headers["Content-Length"])
    assert answer.headers["Content-Encoding"] == encoding
    assert "immutable" in answer.headers["Cache-Control"]
    assert length[encoding] < length["identity"] / 2


def test_the_source_is_not_public(gateway: Gateway, page: httpx.Response) -> None:
    (name,) = [name for name in linked(page) if name.endswith(".js")]
    assert gateway.http.get(f"{name}.map").status_code == 404
    assert "sourceMappingURL" not in gateway.http.get(name).text


def test_the_page_has_a_title_and_a_description(page: httpx.Response) -> None:
    assert re.search(r"<title>\S.*</title>", page.text)
    assert re.search(r'name="description"\s+content="[^"]{50,}"', page.text)
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.headers["ETag"]


def test_missing_files_and_pages_get_their_own_404(gateway: Gateway) -> None:
    kinds = {}
    for path in ("/nothing", "/assets/x.js", "/api/nothing"):
        answer = gateway.http.get(path)
        assert answer.status_code == 404, path
        kinds[path] = answer.headers["Content-Type"].split(";")[0]
    assert kinds == {
        "/nothing": "text/html",
        "/assets/x.js": "text/plain",
        "/api/nothing": "application/problem+json",
    }
