"""TODO docstring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from indexer.arrays import Vectors

if TYPE_CHECKING:
    pass

Progress = Callable[[int], None]


class Embedder(Protocol):
    """What indexing and retrieval ask of an embedding model. Vectors are rows of unit length, float32."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors: ...
    def embed_questions(self, texts: Sequence[str]) -> Vectors: ...
    def subwords(self, word: str) -> tuple[str, ...]: ...
