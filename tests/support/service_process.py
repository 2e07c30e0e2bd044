"""The HTTP application in this process: an engine over an index, without workers of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes import FakeEmbedder
from starlette.testclient import TestClient

from indexer.embedding.embedder import Embedder
from indexer.index.generation import open_generation
from service.engine import Engine
from service.settings import Settings
from service.web.app import create_app
from service.workers.backend import Call, Reply
from service.workers.batching_embedder import BatchingEmbedder
from service.workers.engine_holder import EngineHolder
from service.workers.handlers import answer


class LocalBackend:
    """A ``Backend`` of one engine in threads of this process; ``calls`` keeps what was asked of it."""

    def __init__(self, index: Path, embedder: Embedder) -> None:
        self.embedder = BatchingEmbedder(embedder)
        self.live = EngineHolder(index, self.embedder, Engine.compose(open_generation(index), self.embedder))
        self.calls: list[Call] = []
        self.ready = False

    @property
    def generation(self) -> str:
        return self.live.generation

    async def start(self) -> None:
        self.ready = True

    async def stop(self) -> None:
        self.ready = False
        self.embedder.close()
        self.live.close()

    async def call(self, call: Call) -> Reply:
        self.calls.append(call)
        return await asyncio.to_thread(answer, call, self.live, self.embedder)


@contextmanager
def served(index: Path, embedder: Embedder | None = None, **settings: object) -> Iterator[TestClient]:
    """A client of the application over an index made with the fake embedder, or another."""
    backend = LocalBackend(index, embedder or FakeEmbedder())
    app = create_app(Settings(index=index, **settings), backend)  # type: ignore[arg-type]
    app.state.backend = backend
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
