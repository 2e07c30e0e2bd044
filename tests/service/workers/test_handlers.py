"""Calls that take too long are given up, and the worker goes on."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from indexer.arrays import Vectors
from indexer.build.pipeline import build
from indexer.index.generation import open_generation
from service.engine import Engine
from service.workers.backend import Call
from service.workers.batching_embedder import BatchingEmbedder
from service.workers.engine_holder import EngineHolder
from service.workers.handlers import answer

FILTERS = {
    "references": [], "places": [], "documents": [], "published_from": None, "published_to": None
}  # fmt: skip
SEARCH = Call("search", {"query": "Schule im Dorf", "top_k": 3, "filters": FILTERS})


class WaitingEmbedder(FakeEmbedder):
    """Encodes questions only after ``go`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        self.go.wait(60)
        return super().embed_questions(texts)


@pytest.fixture
def model() -> WaitingEmbedder:
    return WaitingEmbedder()


@pytest.fixture
def holder(tmp_path: Path, model: WaitingEmbedder) -> Iterator[tuple[EngineHolder, BatchingEmbedder]]:
    (tmp_path / "dorf.txt").write_text("Im Dorf gibt es eine Schule. Der Weg ist weit.", "utf-8")
    build([tmp_path / "dorf.txt"], tmp_path / "index", FakeEmbedder())
    with closing(BatchingEmbedder(model)) as embedder:
        engine = Engine.compose(open_generation(tmp_path / "index"), embedder)
        with closing(EngineHolder(tmp_path / "index", embedder, engine)) as held:
            yield held, embedder
        model.go.set()


def test_a_call_that_takes_too_long_is_given_up_and_the_next_is_answered(
    holder: tuple[EngineHolder, BatchingEmbedder], model: WaitingEmbedder
) -> None:
    late = answer(SEARCH, *holder, seconds=0.05)
    assert (late.status, late.body) == (504, b"")
    assert late.detail == "no answer within 0.05 seconds of work: ask for less at once"
    model.go.set()
    reply = answer(SEARCH, *holder, seconds=60)
    assert reply.status == 200
    assert json.loads(reply.body)["hits"][0]["document_id"] == "dorf.txt"


def test_a_long_list_ends_at_the_deadline_too(holder: tuple[EngineHolder, BatchingEmbedder]) -> None:
    assert answer(Call("documents", {"offset": 0, "limit": 50}), *holder, seconds=0).status == 504
    assert answer(Call("documents", {"offset": 0, "limit": 50}), *holder).status == 200


def test_a_reply_names_the_documents_that_it_leads_to(
    holder: tuple[EngineHolder, BatchingEmbedder], model: WaitingEmbedder
) -> None:
    model.go.set()
    assert answer(SEARCH, *holder).facts["documents"] == ["dorf.txt"]
