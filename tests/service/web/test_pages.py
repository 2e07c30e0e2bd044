"""Pages and widget as they are served; the browser tests cover their behaviour."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from service_process import served
from starlette.testclient import TestClient

from indexer.build.pipeline import build
from service.auth.key_file import KeyFile
from service.settings import Settings
from service.web.app import PageKeyError, create_app

PAGES = ["/", "/d/any", "/d/folder/any.md"]
SCRIPTS = ["/embed.js", "/static/faces/widget.js"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    (folder / "dorf.txt").write_text("Im Dorf gibt es eine Schule.", "utf-8")
    build([folder / "dorf.txt"], folder / "index", FakeEmbedder())
    return folder / "index"


@pytest.fixture(scope="module")
def client(index: Path) -> Iterator[TestClient]:
    with served(index, address_rate=0) as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_scripts_from_here_alone_and_stands_in_no_other(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy


@pytest.mark.parametrize("path", SCRIPTS)
def test_a_script_may_be_loaded_by_any_page(client: TestClient, path: str) -> None:
    reply = client.get(path, headers={"Origin": "https://elsewhere.example"})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("path", [*PAGES, *SCRIPTS])
def test_files_are_sent_compressed_where_the_browser_takes_that(client: TestClient, path: str) -> None:
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    zipped = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers and zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content
    assert int(zipped.headers["content-length"]) == len(gzip.compress(plain.content, 9, mtime=0))
    assert "Accept-Encoding" in zipped.headers["vary"]


@pytest.mark.parametrize("path", [*PAGES, *SCRIPTS])
def test_a_file_that_a_browser_has_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["none.js", "index.html", "..%2fembed.js", "%2e%2e/faces.py"])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/faces/{name}").status_code == 404


def test_without_a_page_key_the_pages_have_none(client: TestClient) -> None:
    assert '<meta name="fundstelle-key" content="">' in client.get("/").text


@pytest.mark.parametrize("path", PAGES)
def test_the_page_key_stands_in_the_pages_and_they_may_ask(index: Path, tmp_path: Path, path: str) -> None:
    file = KeyFile(tmp_path / "keys.json")
    _, text = file.add("pages", origins=("http://testserver",))
    with served(index, keys=file.path, page_key=text) as client:
        assert f'<meta name="fundstelle-key" content="{text}">' in client.get(path).text
        key = {"Authorization": f"Bearer {text}"}
        # A browser sends no Origin where a page reads from its own service.
        from_here = {"Referer": "http://testserver/d/any?start=1"}
        assert client.get("/v1/suggestions", headers=key | from_here).status_code == 200
        assert client.get("/v1/suggestions", headers=key).status_code == 403
        elsewhere = {"Referer": "http://testserver.example/"}
        assert client.get("/v1/suggestions", headers=key | elsewhere).status_code == 403


def test_the_origin_counts_where_referer_and_origin_differ(index: Path, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    _, text = file.add("pages", origins=("http://testserver",))
    with served(index, keys=file.path) as client:
        sent = {"Authorization": f"Bearer {text}", "Referer": "http://testserver/", "Origin": "null"}
        assert client.get("/v1/suggestions", headers=sent).status_code == 403


def test_pages_opened_from_a_file_may_be_let_in(index: Path, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    _, text = file.add("files", origins=("null",))
    with served(index, keys=file.path) as client:
        reply = client.get("/v1/suggestions", headers={"Authorization": f"Bearer {text}", "Origin": "null"})
        assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (200, "null")


def test_a_secret_key_must_not_stand_in_pages(index: Path, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    _, text = file.add("secret")
    with pytest.raises(PageKeyError, match="the page key is a secret key") as caught:
        create_app(Settings(index=index, keys=file.path, page_key=text))
    assert text not in str(caught.value)


def test_an_unknown_page_key_is_refused_at_the_start(index: Path, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.add("other")
    with pytest.raises(PageKeyError, match="not in the key file"):
        create_app(Settings(index=index, keys=file.path, page_key="fst_none"))
    with pytest.raises(PageKeyError, match="no key file"):
        create_app(Settings(index=index, page_key="fst_none"))
