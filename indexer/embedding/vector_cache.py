"""Vectors by content, kept beside the generations: no text is embedded twice."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from indexer.arrays import HalfVectors, Vectors
from indexer.embedding.embedder import Embedder, Progress
from indexer.storage.key_value_cache import KeyValueCache

_Embed = Callable[[Sequence[str]], Vectors]
_T = TypeVar("_T")
#: Texts embedded between two commits to the cache, a second or two: what a killed build loses at most.
COMMIT_EVERY = 128


def text_key(text: str) -> bytes:
    """What a text's vector as of a passage is kept under."""
    return hashlib.sha256(text.encode("utf-8")).digest()


class VectorCache:
    """Vectors by content: a text is embedded once per model, however often an index is built.

    One file per model digest, keys are sha256 of the text, values float16.
    """

    def __init__(self, values: KeyValueCache, dimension: int, commit_every: int = COMMIT_EVERY) -> None:
        self._values = values
        self._dimension = dimension
        self._commit_every = commit_every
        self._questions: list[bytes] = []

    @classmethod
    def open(cls, folder: Path, embedder: Embedder, commit_every: int = COMMIT_EVERY) -> VectorCache:
        """Open the cache of a model; ``commit_every``: texts embedded between two commits."""
        values = KeyValueCache.open(folder / f"{embedder.digest[:16]}.sqlite")
        return cls(values, embedder.dimension, commit_every)

    def close(self) -> None:
        self._values.close()

    def embed(
        self, texts: Sequence[str], embedder: Embedder, progress: Progress | None = None
    ) -> tuple[HalfVectors, int]:
        """Vectors of ``texts``, shape ``(len(texts), dimension)``, and how many had to be embedded.

        In float16, as they are kept, so that a cached one and a fresh one are the same. ``progress`` is told
        how many characters are done.
        """
        keys = [text_key(text) for text in texts]
        return self.embed_by_key(keys, [len(text) for text in texts], texts.__getitem__, embedder, progress)

    def embed_by_key(
        self,
        keys: Sequence[bytes],
        lengths: Sequence[int],
        text: Callable[[int], str],
        embedder: Embedder,
        progress: Progress | None = None,
    ) -> tuple[HalfVectors, int]:
        """The same for texts that are asked for one by one, by number, and only where no vector is kept.

        ``keys`` are those of ``text_key``, ``lengths`` in characters.
        """
        return self._embed(keys, lengths, text, embedder.embed_passages, progress)

    def embed_questions(self, texts: Sequence[str], embedder: Embedder) -> Vectors:
        """The same for texts read as questions; only texts of our own, never what users ask."""
        # A question and a passage of the same words have different vectors.
        keys = [hashlib.sha256(b"question\0" + text.encode("utf-8")).digest() for text in texts]
        self._questions += keys
        lengths = [len(text) for text in texts]
        return self._embed(keys, lengths, texts.__getitem__, embedder.embed_questions, None)[0].astype(
            np.float32
        )

    def forget(self, used: Collection[bytes], builds: int) -> None:
        """Remove vectors of texts that so many builds in a row did not use; ``used``: keys of this one."""
        self._values.forget([*used, *self._questions], builds)

    def _embed(
        self,
        keys: Sequence[bytes],
        lengths: Sequence[int],
        text: Callable[[int], str],
        embed: _Embed,
        progress: Progress | None,
    ) -> tuple[HalfVectors, int]:
        vectors = np.zeros((len(keys), self._dimension), np.float16)
        missing: dict[bytes, list[int]] = {}
        for number, key in enumerate(keys):
            missing.setdefault(key, []).append(number)
        for key, value in self._values.get(list(missing)):
            vector = self._vector(value)
            if vector is not None:
                numbers = missing.pop(key)
                vectors[numbers] = vector
                if progress:
                    progress(sum(lengths[number] for number in numbers))
        # The longest first: padding is what costs time, and the slow part comes before the quick one.
        ordered = sorted(missing.items(), key=lambda item: -lengths[item[1][0]])
        for part in _parts(ordered, self._commit_every):
            rows = embed([text(numbers[0]) for _, numbers in part]).astype(np.float16)
            self._values.put([(key, row.tobytes()) for (key, _), row in zip(part, rows, strict=True)])
            for (_, numbers), row in zip(part, rows, strict=True):
                vectors[numbers] = row
            if progress:
                progress(sum(lengths[n] for n in itertools.chain.from_iterable(ns for _, ns in part)))
        return vectors, len(missing)

    def _vector(self, value: bytes) -> HalfVectors | None:
        if len(value) != 2 * self._dimension:
            return None
        vector = np.frombuffer(value, np.float16)
        # No digest guards the cache: a vector that has lost its unit length is made again.
        length = float(np.linalg.norm(vector.astype(np.float32)))
        return vector if abs(length - 1) < 0.01 else None


def _parts(items: list[_T], size: int) -> Iterator[list[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
