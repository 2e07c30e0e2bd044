"""Embedders without a model, for benchmarks of everything else."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer.arrays import Vectors
from indexer.embedding.embedder import Progress

_DIMENSION, _CLUSTERS, _SPREAD = 384, 4096, 0.8


class ClusteredEmbedder:
    """Vectors around the centres of clusters, derived from a hash of the text, at almost no cost."""

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


class SlowEmbedder:
    """Hashed bags of words, each after a pause, and a log of times and texts.

    Args:
        log: file for a line of JSON ``[time, text]`` for each embedded passage.
        seconds: pause for each passage.
    """

    name, dimension = "slow", 32

    def __init__(self, log: Path, seconds: float) -> None:
        self._log = log
        self._seconds = seconds

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        for text in texts:
            time.sleep(self._seconds)
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps([time.time(), text]) + "\n")
            if progress:
                progress(1)
        return self.embed_questions(texts)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), self.dimension), 1e-3, np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[int.from_bytes(hashlib.md5(word.encode()).digest()[:2], "big") % self.dimension] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def subwords(self, word: str) -> tuple[str, ...]:
        return (word,)
