"""Fetching of pages from a local server."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.sources.fetching.fetch_state import STATE, urls_by_file

pytest.importorskip("urllib3", reason="the extra is not installed")

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources.fetching.address_policy import AddressPolicy
from indexer.sources.fetching.fetcher import FetchResult, ListedPage, fetch, read_page_list
from indexer.sources.reader import SourceProblem, read_sources

LOOPBACK = AddressPolicy.of(["127.0.0.0/8"])
PAGE = (
    "<html><body><main><p>Im Dorf gibt es eine Schule, und der Weg dorthin ist weit.</p></main></body></html>"
)


class Site:
    """A server with a list of replies (status, headers, body) for each path; the last one is repeated."""

    def __init__(self) -> None:
        self.replies: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append((self.path, dict(self.headers)))
                replies = site.replies.get(self.path, [(404, {}, b"")])
                status, headers, body = replies.pop(0) if len(replies) > 1 else replies[0]
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

    def add(self, path: str, body: str = PAGE, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = (status, {"Content-Type": "text/html; charset=utf-8", **named}, body.encode())
        self.replies.setdefault(path, []).append(reply)

    def requested_paths(self) -> list[str]:
        return [path for path, _ in self.requests]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


def fetched(site: Site, folder: Path, *paths: str, **options: Any) -> list[FetchResult]:
    pages = [ListedPage(site.address + path, path.strip("/").replace("/", "-")) for path in paths]
    return list(fetch(pages, folder, **{"pause": 0.0, "backoff": 0.0, "policy": LOOPBACK} | options))


def test_a_page_is_stored_with_its_url_and_digest(site: Site, tmp_path: Path) -> None:
    site.add("/bericht", ETag='"1"')
    assert fetched(site, tmp_path, "/bericht") == [
        FetchResult(f"{site.address}/bericht", "new", "bericht.html")
    ]
    assert (tmp_path / "bericht.html").read_text("utf-8") == PAGE
    [(url, entry)] = json.loads((tmp_path / STATE).read_text("utf-8")).items()
    assert url == f"{site.address}/bericht"
    assert (entry["file"], entry["etag"], len(entry["sha256"])) == ("bericht.html", '"1"', 64)


def test_the_document_of_a_page_has_its_url(site: Site, tmp_path: Path) -> None:
    site.add("/bericht")
    fetched(site, tmp_path, "/bericht")
    [document] = read_sources([tmp_path])
    assert isinstance(document, RawDocument)
    assert document.fields["url"] == f"{site.address}/bericht"


def test_an_unchanged_page_is_not_sent_again(site: Site, tmp_path: Path) -> None:
    site.add("/a", ETag='"1"')
    site.add("/a", body="", status=304)
    assert [result.outcome for result in fetched(site, tmp_path, "/a") + fetched(site, tmp_path, "/a")] == [
        "new",
        "unchanged",
    ]
    assert site.requests[-1][1]["If-None-Match"] == '"1"'
    assert (tmp_path / "a.html").read_text("utf-8") == PAGE


def test_a_changed_page_replaces_the_old_one(site: Site, tmp_path: Path) -> None:
    site.add("/a")
    site.add("/a", body=PAGE.replace("weit", "kurz"))
    assert [result.outcome for result in fetched(site, tmp_path, "/a") + fetched(site, tmp_path, "/a")] == [
        "new",
        "changed",
    ]
    assert "kurz" in (tmp_path / "a.html").read_text("utf-8")


@pytest.mark.parametrize("status", [200, 403, 500])
def test_a_page_that_robots_txt_forbids_is_not_requested(site: Site, tmp_path: Path, status: int) -> None:
    site.add("/robots.txt", "User-agent: *\nDisallow: /geheim\n", status, Retry_After="0")
    site.add("/geheim/a")
    [result] = fetched(site, tmp_path, "/geheim/a")
    assert (result.outcome, result.detail) == ("failed", "robots.txt does not allow it")
    assert "/geheim/a" not in site.requested_paths()


def test_there_is_a_pause_between_two_requests_to_a_host(site: Site, tmp_path: Path) -> None:
    site.add("/robots.txt", "User-agent: *\nCrawl-delay: 7\n")
    site.add("/a")
    site.add("/b")
    pauses: list[float] = []
    fetched(site, tmp_path, "/a", "/b", pause=2.0, sleep=pauses.append)
    assert [round(pause) for pause in pauses] == [7, 7]


def test_a_busy_server_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.add("/a", status=503, Retry_After="0")
    site.add("/a")
    assert [result.outcome for result in fetched(site, tmp_path, "/a")] == ["new"]


def test_redirects_are_followed_but_not_without_end(site: Site, tmp_path: Path) -> None:
    site.add("/alt", status=301, Location="/neu")
    site.add("/neu")
    site.add("/kreis", status=302, Location="/kreis")
    first, second = fetched(site, tmp_path, "/alt", "/kreis")
    assert (first.outcome, second.detail) == ("new", "over 5 redirects")


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        ({"status": 404}, "HTTP status 404"),
        ({"Content_Type": "image/png"}, "unsupported content type: image/png"),
        ({"body": "x" * 2000}, "over 1,000 bytes"),
        ({"Content_Length": "5000"}, "transfer interrupted: "),
    ],
)
def test_a_failed_page_is_reported_and_the_others_are_fetched(
    site: Site, tmp_path: Path, reply: dict[str, Any], detail: str
) -> None:
    site.add("/schlecht", **reply)
    site.add("/gut")
    bad, good = fetched(site, tmp_path, "/schlecht", "/gut", max_bytes=1000)
    assert bad.outcome == "failed" and bad.detail.startswith(detail)
    assert good.outcome == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == [STATE, "gut.html"]


def test_an_unreachable_server_is_reported(tmp_path: Path) -> None:
    page = ListedPage("http://127.0.0.1:1/a", "a")
    [result] = fetch([page], tmp_path, pause=0.0, backoff=0.0, policy=LOOPBACK)
    assert (result.outcome, result.detail) == ("failed", "cannot be reached: NewConnectionError")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no [[source]]"),
        ("[[source]]\nurl = 5", "source 1"),
        ('[[source]]\nurl = "ftp://a.example/b"', "not a web address"),
        ('[[source]]\nurl = "https://a.example"\nname = "../b"', "not a valid file name"),
        ('[[source]]\nurl = "https://a.example/b"\nname = "b"\n' * 2, "is taken"),
        ("[[source]", "not valid TOML"),
        ('[[source]]\nurl = "http://[a"', "not a web address"),
    ],
)
def test_a_malformed_list_is_an_error_that_names_the_file(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "list.toml").write_text(text, "utf-8")
    with pytest.raises(SourceError) as caught:
        read_page_list(tmp_path / "list.toml")
    assert str(tmp_path / "list.toml") in str(caught.value) and why in str(caught.value)


def test_the_list_of_the_corpus_names_its_reports(corpus: Path) -> None:
    listed = {f"{page.name}.md" for page in read_page_list(corpus / "sources.toml")}
    assert listed and listed <= {path.name for path in corpus.glob("*.md")}


def test_a_redirect_to_another_scheme_is_refused(site: Site, tmp_path: Path) -> None:
    site.add("/a", status=302, Location="ftp://a.example/b")
    [result] = fetched(site, tmp_path, "/a")
    assert (result.outcome, result.detail) == (
        "failed",
        "redirected to 'ftp://a.example/b', which is not a web address",
    )


def test_a_page_whose_type_changes_replaces_its_old_file(site: Site, tmp_path: Path) -> None:
    site.add("/a")
    site.add("/a", "Ein Text.", Content_Type="text/plain")
    fetched(site, tmp_path, "/a")
    assert fetched(site, tmp_path, "/a")[0].detail == "a.txt"
    assert sorted(path.name for path in tmp_path.iterdir()) == [STATE, "a.txt"]


@pytest.mark.parametrize("file", ["../fremd.txt", "/fremd.txt", "..", ".fetched.json", "a/fremd.txt"])
def test_a_file_outside_the_folder_is_not_deleted(site: Site, tmp_path: Path, file: str) -> None:
    site.add("/a")
    folder, foreign = tmp_path / "pages", tmp_path / "fremd.txt"
    folder.mkdir()
    foreign.write_text("bleibt", "utf-8")
    row = {"file": file, "sha256": "", "fetched": ""}
    (folder / STATE).write_text(json.dumps({f"{site.address}/a": row}), "utf-8")
    with pytest.raises(SourceError, match="not a file of the folder"):
        fetched(site, folder, "/a")
    assert foreign.read_text("utf-8") == "bleibt"


def test_a_link_in_the_folder_is_not_written_through(site: Site, tmp_path: Path) -> None:
    site.add("/a")
    folder, foreign = tmp_path / "pages", tmp_path / "fremd.txt"
    folder.mkdir()
    foreign.write_text("bleibt", "utf-8")
    for name in (".a.html.part", "a.html", f"{STATE}.part"):
        (folder / name).symlink_to(foreign)
    assert [result.outcome for result in fetched(site, folder, "/a")] == ["new"]
    assert foreign.read_text("utf-8") == "bleibt"


def test_a_header_that_cannot_be_sent_back_is_not_stored(site: Site, tmp_path: Path) -> None:
    site.add("/a", ETag="x" * 2000)
    fetched(site, tmp_path, "/a")
    assert fetched(site, tmp_path, "/a")[0].outcome == "unchanged"
    assert "If-None-Match" not in site.requests[-1][1]


def test_malformed_state_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / STATE).write_text("[]", "utf-8")
    with pytest.raises(SourceError) as caught:
        urls_by_file(tmp_path)
    assert str(caught.value) == f"{tmp_path / STATE}: not readable; remove it to fetch all pages again"


def test_malformed_state_costs_a_folder_only_its_urls(tmp_path: Path) -> None:
    (tmp_path / STATE).write_text("[]", "utf-8")
    (tmp_path / "a.txt").write_text("Im Dorf gibt es eine Schule.", "utf-8")
    problem, document = read_sources([tmp_path])
    assert isinstance(problem, SourceProblem) and STATE in str(problem)
    assert isinstance(document, RawDocument) and document.document_id == "a.txt"
