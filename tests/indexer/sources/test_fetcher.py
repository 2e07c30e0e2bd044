"""Pages fetched from a server on this machine."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.sources.fetch_state import STATE

pytest.importorskip("urllib3", reason="the extra is not installed")

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources import fetcher
from indexer.sources.fetcher import FetchResult, ListedPage, fetch, read_page_list
from indexer.sources.reader import read_sources

PAGE = (
    "<html><body><main><p>Im Dorf gibt es eine Schule, und der Weg dorthin ist weit.</p></main></body></html>"
)


class Site:
    """A server: by path a list of (status, headers, body), of which the last is given again and again."""

    def __init__(self) -> None:
        self.replies: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, dict(self.headers)))
                given = site.replies.get(self.path, [(404, {}, b"")])
                status, headers, body = given.pop(0) if len(given) > 1 else given[0]
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def give(self, path: str, body: str = PAGE, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = (status, {"Content-Type": "text/html; charset=utf-8", **named}, body.encode())
        self.replies.setdefault(path, []).append(reply)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "_BACKOFF", 0.0)


def got(site: Site, folder: Path, *paths: str, **options: Any) -> list[FetchResult]:
    wanted = [ListedPage(site.address + path, path.strip("/").replace("/", "-")) for path in paths]
    return list(fetch(wanted, folder, **{"pause": 0.0} | options))


def test_a_page_is_kept_with_address_day_and_digest(site: Site, tmp_path: Path) -> None:
    site.give("/bericht", ETag='"1"')
    assert got(site, tmp_path, "/bericht") == [FetchResult(f"{site.address}/bericht", "new", "bericht.html")]
    assert (tmp_path / "bericht.html").read_text("utf-8") == PAGE
    [(url, entry)] = json.loads((tmp_path / STATE).read_text("utf-8")).items()
    assert url == f"{site.address}/bericht"
    assert (entry["file"], entry["etag"], len(entry["sha256"])) == ("bericht.html", '"1"', 64)


def test_its_document_has_its_address(site: Site, tmp_path: Path) -> None:
    site.give("/bericht")
    got(site, tmp_path, "/bericht")
    [document] = read_sources([tmp_path])
    assert isinstance(document, RawDocument)
    assert document.fields["url"] == f"{site.address}/bericht"


def test_what_is_unchanged_is_not_sent_again(site: Site, tmp_path: Path) -> None:
    site.give("/a", ETag='"1"')
    site.give("/a", body="", status=304)
    assert [result.outcome for result in got(site, tmp_path, "/a") + got(site, tmp_path, "/a")] == [
        "new",
        "unchanged",
    ]
    assert site.asked[-1][1]["If-None-Match"] == '"1"'
    assert (tmp_path / "a.html").read_text("utf-8") == PAGE


def test_what_has_changed_takes_the_place_of_the_old(site: Site, tmp_path: Path) -> None:
    site.give("/a")
    site.give("/a", body=PAGE.replace("weit", "kurz"))
    assert [result.outcome for result in got(site, tmp_path, "/a") + got(site, tmp_path, "/a")] == [
        "new",
        "changed",
    ]
    assert "kurz" in (tmp_path / "a.html").read_text("utf-8")


@pytest.mark.parametrize("status", [200, 403, 500])
def test_what_robots_do_not_allow_is_not_asked_for(site: Site, tmp_path: Path, status: int) -> None:
    site.give("/robots.txt", "User-agent: *\nDisallow: /geheim\n", status, Retry_After="0")
    site.give("/geheim/a")
    [result] = got(site, tmp_path, "/geheim/a")
    assert (result.outcome, result.detail) == ("failed", "its robots.txt does not allow it")
    assert "/geheim/a" not in site.paths()


def test_between_two_requests_to_a_host_there_is_a_pause(site: Site, tmp_path: Path) -> None:
    site.give("/robots.txt", "User-agent: *\nCrawl-delay: 7\n")
    site.give("/a")
    site.give("/b")
    rests: list[float] = []
    got(site, tmp_path, "/a", "/b", pause=2.0, rest=rests.append)
    assert [round(rest) for rest in rests] == [7, 7]


def test_a_server_that_is_busy_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.give("/a", status=503, Retry_After="0")
    site.give("/a")
    assert [result.outcome for result in got(site, tmp_path, "/a")] == ["new"]


def test_a_page_that_is_sent_on_is_followed_and_one_in_a_circle_given_up(site: Site, tmp_path: Path) -> None:
    site.give("/alt", status=301, Location="/neu")
    site.give("/neu")
    site.give("/kreis", status=302, Location="/kreis")
    first, second = got(site, tmp_path, "/alt", "/kreis")
    assert (first.outcome, second.detail) == ("new", "is sent on again and again")


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        ({"status": 404}, "HTTP status 404"),
        ({"Content_Type": "image/png"}, "of a kind that is not read: image/png"),
        ({"body": "x" * 2000}, "over 1,000 bytes"),
        ({"Content_Length": "5000"}, "broken off: "),
    ],
)
def test_one_that_fails_is_told_and_the_others_come(
    site: Site, tmp_path: Path, reply: dict[str, Any], detail: str
) -> None:
    site.give("/schlecht", **reply)
    site.give("/gut")
    bad, good = got(site, tmp_path, "/schlecht", "/gut", largest=1000)
    assert bad.outcome == "failed" and bad.detail.startswith(detail)
    assert good.outcome == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == [STATE, "gut.html"]


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    [result] = fetch([ListedPage("http://127.0.0.1:1/a", "a")], tmp_path, pause=0.0, rest=lambda _: None)
    assert (result.outcome, result.detail) == ("failed", "not to be reached: NewConnectionError")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no [[source]]"),
        ("[[source]]\nurl = 5", "source 1"),
        ('[[source]]\nurl = "ftp://a.example/b"', "no address of the web"),
        ('[[source]]\nurl = "https://a.example"\nname = "../b"', "no name of a file"),
        ('[[source]]\nurl = "https://a.example/b"\nname = "b"\n' * 2, "is taken"),
        ("[[source]", "no TOML"),
    ],
)
def test_a_list_that_is_none_is_told_by_its_file(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "list.toml").write_text(text, "utf-8")
    with pytest.raises(SourceError) as caught:
        read_page_list(tmp_path / "list.toml")
    assert str(tmp_path / "list.toml") in str(caught.value) and why in str(caught.value)


def test_the_list_of_the_corpus_names_its_reports(corpus: Path) -> None:
    listed = {f"{wanted.name}.md" for wanted in read_page_list(corpus / "sources.toml")}
    assert listed and listed <= {path.name for path in corpus.glob("*.md")}
