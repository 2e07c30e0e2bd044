"""Measuring a service over HTTP: the real application on a port of this machine, and broken ones."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from beir import write_beir
from fakes import FakeEmbedder
from service_process import LocalBackend

from eval.datasets.beir import load_beir
from eval.datasets.query import Query
from eval.metrics.ranking import ranking_values
from eval.runs.runner import rank
from eval.runs.timing import Stopwatch
from eval.runs.worst_cases import worst_ranked
from eval.systems.local import LocalSystem
from eval.systems.opening import remote_system
from eval.systems.protocol import System
from eval.systems.remote import RemoteSystem
from indexer.errors import SourceError
from indexer.index.generation import open_generation
from service.engine import Engine
from service.settings import Settings
from service.web.app import create_app

QUESTION = "Welche Mängel gab es bei der Resolution 57?"


@pytest.fixture
def engine(built_index: Path) -> Iterator[Engine]:
    engine = Engine.compose(open_generation(built_index), FakeEmbedder())
    yield engine
    engine.close()


@pytest.fixture
def url(built_index: Path, tmp_path: Path) -> Iterator[str]:
    """The service over the example corpus, on a free port."""
    config = uvicorn.Config(
        create_app(Settings(index=tmp_path, address_rate=0), LocalBackend(built_index, FakeEmbedder())),
        port=0,
        log_level="error",
        ws="none",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()


@pytest.fixture
def broken() -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    """A server that replies with what is put into its list, the last one again and again."""
    replies: list[tuple[int, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = replies.pop(0) if len(replies) > 1 else replies[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", replies
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_gives_the_same_results_as_its_index(engine: Engine, url: str) -> None:
    remote, local = RemoteSystem.open(url), LocalSystem(engine)

    expected, found = local.search(QUESTION, 5), remote.search(QUESTION, 5)
    assert [hit.best_sentence for hit in found] == [hit.best_sentence for hit in expected]
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=1e-6)
    assert remote.ask(QUESTION).cited == local.ask(QUESTION).cited
    document_id = expected[0].document_id
    assert remote.text(document_id) == local.text(document_id)
    assert remote.text("nowhere.md") is local.text("nowhere.md") is None


def test_texts_of_worst_cases_are_fetched_from_the_service(engine: Engine, url: str) -> None:
    query, qrels = Query("q", QUESTION, "de", "q"), {"q": {"nowhere.md": 1}}

    def worst_cases(system: System) -> list[dict[str, Any]]:
        watch = Stopwatch()
        ranked = rank([query], system, watch=watch)
        assert list(watch.timings) == ["search"]
        worst = worst_ranked([query], qrels, ranked, ranking_values(qrels, ranked.run), system)
        return [{name: hit[name] for name in ("document_id", "text")} for hit in worst[0]["found"]]

    remote = worst_cases(RemoteSystem.open(url))
    assert remote == worst_cases(LocalSystem(engine))
    assert len(remote) == 3
    assert all(hit["text"] for hit in remote)


def test_a_service_is_named_by_generation_and_model(engine: Engine, url: str) -> None:
    facts, known = RemoteSystem.open(url).facts, LocalSystem(engine).facts

    assert facts["generation"] == known["generation"]
    assert facts["manifest"] == known["manifest"]
    assert facts["model"]["name"] == "fake"
    assert known["model"]["digest"].startswith(facts["model"]["digest"])


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (503, b"{}", "/v1/search: HTTP 503 Service Unavailable"),
        (200, b"<html>", "/v1/search: no answer (Expecting value"),
        (200, b"[]", "/v1/search: not a reply of this service"),
        (200, b"{}", "/v1/search: not a reply of this service"),
        (200, b'{"index": {}}', "not a reply of this service (KeyError('hits'))"),
    ],
)
def test_another_service_is_one_line(
    broken: tuple[str, list[tuple[int, bytes]]], status: int, body: bytes, message: str
) -> None:
    url, replies = broken
    replies.append((status, body))

    with pytest.raises(SourceError) as caught:
        RemoteSystem.open(url)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_index_that_changes_while_it_is_measured_ends_the_run(
    broken: tuple[str, list[tuple[int, bytes]]],
) -> None:
    url, replies = broken
    replies += [
        (200, b'{"hits": [], "index": {"generation": "%s", "model": "m@1"}}' % name)
        for name in (b"old", b"new")
    ]
    system = RemoteSystem.open(url)

    with pytest.raises(SourceError, match="the index changed from old to new during the run"):
        system.search("?", 1)


def test_a_service_without_any_document_of_the_set_is_refused(url: str, tmp_path: Path) -> None:
    dataset = load_beir(write_beir(tmp_path / "other"))
    with pytest.raises(SourceError, match=r"^other: none of its documents is in the service at .*'bridge'"):
        remote_system(dataset, url).__enter__()
