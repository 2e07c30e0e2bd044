"""Cache of vectors by content, beside the generations of an index."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from indexer.arrays import HalfVectors, Vectors
from indexer.embedding.embedder import Embedder, Progress
from indexer.storage.key_value_cache import KeyValueCache

_Embed = Callable[[Sequence[str]], Vectors]
#: Texts embedded between two commits to the cache, one or two seconds of work: the most that a killed build
#: loses.
COMMIT_EVERY = 128


def text_key(text: str) -> bytes:
    """The key of a text's vector as a passage."""
    return hashlib.sha256(text.encode("utf-8")).digest()


def question_key(text: str) -> bytes:
    """The key of a text's vector as a question, which differs from that as a passage."""
    return hashlib.sha256(b"question\0" + text.encode("utf-8")).digest()


class VectorCache:
    """Vectors by content: a model embeds each text once, however often an index is built.

    One file per model digest; keys are sha256 of the text, values are float16.

    Args:
        commit_every: texts embedded between two commits.
    """

    def __init__(self, values: KeyValueCache, dimension: int, commit_every: int = COMMIT_EVERY) -> None:
        self._values = values
        self._dimension = dimension
        self._commit_every = commit_every
        self._question_keys: list[bytes] = []

    @classmethod
    def open(cls, folder: Path, embedder: Embedder, commit_every: int = COMMIT_EVERY) -> VectorCache:
        """Open the cache of a model in ``folder``."""
        values = KeyValueCache.open(folder / f"{embedder.digest[:16]}.sqlite")
        return cls(values, embedder.dimension, commit_every)

    def close(self) -> None:
        self._values.close()

    def embed(
        self, texts: Sequence[str], embedder: Embedder, progress: Progress | None = None
    ) -> tuple[HalfVectors, int]:
        """Vectors of ``texts`` as passages, shape ``(len(texts), dimension)``, and the number embedded now.

        New vectors are rounded to float16 like cached ones, so that both are equal.

        Args:
            progress: called with the characters of the texts done since the last call.
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
        """Like ``embed``, for texts that are read one by one and only where no vector is cached.

        Args:
            keys: of each text, by ``text_key``.
            lengths: of each text in characters.
            text: returns the text of a number.
        """
        return self._embed(keys, lengths, text, embedder.embed_passages, progress)

    def embed_questions(self, texts: Sequence[str], embedder: Embedder) -> Vectors:
        """Vectors of ``texts`` as questions; for texts of this program, never for questions of users."""
        keys = [question_key(text) for text in texts]
        self._question_keys += keys
        lengths = [len(text) for text in texts]
        vectors, _ = self._embed(keys, lengths, texts.__getitem__, embedder.embed_questions, None)
        return vectors.astype(np.float32)

    def evict(self, used: Collection[bytes], builds: int) -> None:
        """Remove vectors that the last ``builds`` builds did not use; ``used``: keys of the current build."""
        self._values.evict([*used, *self._question_keys], builds)

    def _embed(
        self,
        keys: Sequence[bytes],
        lengths: Sequence[int],
        text: Callable[[int], str],
        embed: _Embed,
        progress: Progress | None,
    ) -> tuple[HalfVectors, int]:
        vectors = np.zeros((len(keys), self._dimension), np.float16)
        report = progress or (lambda _characters: None)
        rows = _rows_by_key(keys)
        for key, vector in self._cached(rows):
            vectors[rows[key]] = vector
            report(sum(lengths[row] for row in rows.pop(key)))
        for batch in self._batches(rows, lengths):
            embedded = embed([text(rows[key][0]) for key in batch]).astype(np.float16)
            self._values.put([(key, vector.tobytes()) for key, vector in zip(batch, embedded, strict=True)])
            for key, vector in zip(batch, embedded, strict=True):
                vectors[rows[key]] = vector
            report(sum(lengths[row] for key in batch for row in rows[key]))
        return vectors, len(rows)

    def _cached(self, keys: Mapping[bytes, object]) -> Iterator[tuple[bytes, HalfVectors]]:
        """The keys that have an intact vector in the cache, with it."""
        for key, value in self._values.get(list(keys)):
            if len(value) != 2 * self._dimension:
                continue
            vector = np.frombuffer(value, np.float16)
            # No digest guards the cache; a vector that is not of unit length is damaged.
            if abs(float(np.linalg.norm(vector.astype(np.float32))) - 1) < 0.01:
                yield key, vector

    def _batches(self, rows: Mapping[bytes, list[int]], lengths: Sequence[int]) -> Iterator[list[bytes]]:
        """Keys in batches between commits.

        The longest texts come first: texts of equal length need no padding, and the slow part precedes the
        fast one.
        """
        ordered = sorted(rows, key=lambda key: -lengths[rows[key][0]])
        for start in range(0, len(ordered), self._commit_every):
            yield ordered[start : start + self._commit_every]


def _rows_by_key(keys: Sequence[bytes]) -> dict[bytes, list[int]]:
    rows: dict[bytes, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return rows
