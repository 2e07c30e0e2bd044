"""Vectors that cost nothing, for measuring all but the model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from indexer.arrays import Vectors
from indexer.embedding.embedder import Progress

_DIMENSION, _CLUSTERS, _SPREAD = 384, 4096, 0.8


class SyntheticEmbedder:
    """Vectors around the centres of clusters, seeded by the text: the same text, the same vector."""

    name, dimension = "synthetic", _DIMENSION

    def __init__(self) -> None:
        self._centres = np.random.default_rng(57).standard_normal((_CLUSTERS, _DIMENSION), np.float32)
        self._noise = np.random.default_rng(58).standard_normal((1 << 16, _DIMENSION), np.float32)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        keys = np.array([self._key(text) for text in texts], np.uint64)
        # Two rows of a fixed table are noise enough, without a generator for each text.
        noise = (
            self._noise[keys % np.uint64(1 << 16)] + self._noise[(keys >> np.uint64(16)) % np.uint64(1 << 16)]
        )
        vectors = self._centres[(keys >> np.uint64(32)) % np.uint64(_CLUSTERS)] + _SPREAD * noise
        if progress:
            progress(len(texts))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return self.embed_passages(texts)

    def subwords(self, word: str) -> tuple[str, ...]:
        return (word,)

    @staticmethod
    def _key(text: str) -> int:
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
