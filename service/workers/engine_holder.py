"""The engine that answers at the moment, and its exchange for one over a newer generation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.embedding.embedder import Embedder
from indexer.index.generation import open_generation
from service.engine import Engine
from service.reranking.cross_encoder import CrossEncoder


@dataclass(slots=True, eq=False)
class _Held:
    """An engine, how many questions it is answering, and whether another has taken its place."""

    engine: Engine
    users: int = 0
    retired: bool = False


class EngineHolder:
    """Hands out the engine in force; one that was replaced is closed when its last question is answered."""

    def __init__(
        self, index: Path, embedder: Embedder, engine: Engine, cross_encoder: CrossEncoder | None = None
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._cross_encoder = cross_encoder
        self._lock = threading.Lock()
        self._held = _Held(engine)

    @property
    def generation(self) -> str:
        """Name of the generation in force."""
        return self._held.engine.generation.name

    @contextmanager
    def lease(self) -> Iterator[Engine]:
        """The engine in force, kept open while the block runs, whatever is exchanged meanwhile."""
        with self._lock:
            held = self._held
            held.users += 1
        try:
            yield held.engine
        finally:
            with self._lock:
                held.users -= 1
                last = held.retired and held.users == 0
            if last:
                held.engine.close()

    def replace(self, name: str) -> None:
        """Open and verify a generation beside the one in force, then let it take its place.

        Raises:
            IndexDamagedError, ModelMismatchError: it is not served; the one in force goes on.
        """
        if name == self.generation:
            return
        generation = open_generation(self._index, name)
        try:
            engine = Engine.compose(generation, self._embedder, self._cross_encoder)
        except BaseException:
            generation.close()
            raise
        with self._lock:
            old, self._held = self._held, _Held(engine)
            old.retired = True
            unused = old.users == 0
        if unused:
            old.engine.close()

    def close(self) -> None:
        """Close the engine in force; nobody asks any more."""
        self._held.engine.close()
