"""Embedders around another one, for measuring."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from indexer.arrays import Vectors
from indexer.embedding.embedder import Embedder, Progress


class Around:
    """Passes everything on to the embedder it is put around."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def inner(self) -> Embedder:
        """The embedder it is put around."""
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


class TimedEmbedder(Around):
    """An embedder that remembers how many milliseconds its last questions took."""

    milliseconds: float | None = None

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        began = time.perf_counter()
        vectors = super().embed_questions(texts)
        self.milliseconds = (time.perf_counter() - began) * 1000
        return vectors


class RememberingEmbedder(Around):
    """An embedder that embeds each question once, however many corpora it is put to."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(embedder)
        self._known: dict[str, Vectors] = {}

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            if text not in self._known:
                self._known[text] = super().embed_questions([text])[0]
        return np.stack([self._known[text] for text in texts])
