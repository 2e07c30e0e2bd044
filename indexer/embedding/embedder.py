"""Protocol of an embedding model, as indexing and retrieval use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from indexer.arrays import Vectors

#: Called with the number of texts, or of characters, that were embedded since the last call.
Progress = Callable[[int], None]


class Embedder(Protocol):
    """An embedding model; vectors are rows of unit length, float32, shape ``(len(texts), dimension)``."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors: ...
    def embed_questions(self, texts: Sequence[str]) -> Vectors: ...
    def subwords(self, word: str) -> tuple[str, ...]: ...
