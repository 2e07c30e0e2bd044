"""Wrappers around an embedder that time, remember or record its calls."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from indexer.arrays import Vectors
from indexer.embedding.embedder import Embedder, Progress


class EmbedderWrapper:
    """Delegates every call to the wrapped embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def inner(self) -> Embedder:
        """The wrapped embedder."""
        return self._embedder

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def digest(self) -> str:
        return self._embedder.digest

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._embedder.embed_passages(texts, progress)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_questions(texts)

    def subwords(self, word: str) -> tuple[str, ...]:
        return self._embedder.subwords(word)


class TimedEmbedder(EmbedderWrapper):
    """Times questions. ``milliseconds``: of the last call for questions."""

    milliseconds: float | None = None

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        began = time.perf_counter()
        vectors = super().embed_questions(texts)
        self.milliseconds = (time.perf_counter() - began) * 1000
        return vectors


class MemoizingEmbedder(EmbedderWrapper):
    """Embeds each question once."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(embedder)
        self._vectors: dict[str, Vectors] = {}

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            if text not in self._vectors:
                self._vectors[text] = super().embed_questions([text])[0]
        return np.stack([self._vectors[text] for text in texts])


class RecordingEmbedder(EmbedderWrapper):
    """Records the texts of passages and sentences. ``texts``: in the order they were embedded."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(embedder)
        self.texts: list[str] = []

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.texts += texts
        return super().embed_passages(texts, progress)
