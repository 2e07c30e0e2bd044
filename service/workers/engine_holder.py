"""The engine in use, and its replacement by one over a newer generation."""

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
class _Lease:
    """An engine, the number of questions it is answering, and whether it has been replaced."""

    engine: Engine
    users: int = 0
    retired: bool = False


class EngineHolder:
    """Lends the current engine; a replaced engine is closed when its last question is answered."""

    def __init__(
        self, index: Path, embedder: Embedder, engine: Engine, cross_encoder: CrossEncoder | None = None
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._cross_encoder = cross_encoder
        self._lock = threading.Lock()
        self._current = _Lease(engine)

    @property
    def generation(self) -> str:
        """The name of the current generation."""
        return self._current.engine.generation.name

    @contextmanager
    def lease(self) -> Iterator[Engine]:
        """The current engine, kept open while the block runs even if it is replaced meanwhile."""
        with self._lock:
            lease = self._current
            lease.users += 1
        try:
            yield lease.engine
        finally:
            with self._lock:
                lease.users -= 1
                last = lease.retired and lease.users == 0
            if last:
                lease.engine.close()

    def replace(self, name: str) -> None:
        """Open and verify a generation, then replace the current engine by one over it.

        Raises:
            IndexDamagedError, ModelMismatchError: it cannot be served; the current engine stays.
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
            old, self._current = self._current, _Lease(engine)
            old.retired = True
            unused = old.users == 0
        if unused:
            old.engine.close()

    def close(self) -> None:
        """Close the current engine, when no more questions come."""
        self._current.engine.close()
