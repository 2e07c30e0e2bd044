"""Vectors by content, kept beside the generations: no text is embedded twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from indexer.embedder import Embedder, Progress, Vectors

_Embed = Callable[[Sequence[str], Progress | None], Vectors]
_T = TypeVar("_T")
#: Texts embedded between two commits to the cache, a second or two: what a killed build loses at most.
_COMMIT_EVERY = 128
Halves = npt.NDArray[np.float16]


class VectorCache:
    """Vectors by content: a text is embedded once per model, however often an index is built.

    One SQLite file per model digest, keys are sha256 of the text, values float16.
    """

    def __init__(self, connection: sqlite3.Connection, dimension: int) -> None:
        self._connection = connection
        self._dimension = dimension

    @classmethod
    def open(cls, folder: Path, embedder: Embedder) -> VectorCache:
        """Open the cache for a model; a damaged one is only a cache and is begun anew."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{embedder.digest[:16]}.sqlite"
        try:
            connection = _open_cache(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            for part in (path, *folder.glob(f"{path.name}-*")):
                part.unlink(missing_ok=True)
            connection = _open_cache(path)
        return cls(connection, embedder.dimension)

    def close(self) -> None:
        self._connection.close()

    def embed(
        self, texts: Sequence[str], embedder: Embedder, progress: Progress | None = None
    ) -> tuple[Halves, int]:
        """Vectors of ``texts``, shape ``(len(texts), dimension)``, and how many had to be embedded.

        In float16, as they are kept, so that a cached one and a fresh one are the same.
        """
        return self._embed([text.encode("utf-8") for text in texts], texts, embedder.embed_passages, progress)

    def embed_questions(self, texts: Sequence[str], embedder: Embedder) -> Vectors:
        """The same for texts read as questions; only texts of our own, never what users ask."""

        def embed(chosen: Sequence[str], _progress: Progress | None) -> Vectors:
            return embedder.embed_questions(chosen)

        # A question and a passage of the same words have different vectors.
        contents = [b"question\0" + text.encode("utf-8") for text in texts]
        return self._embed(contents, texts, embed, None)[0].astype(np.float32)

    def _embed(
        self, contents: Sequence[bytes], texts: Sequence[str], embed: _Embed, progress: Progress | None
    ) -> tuple[Halves, int]:
        keys = [hashlib.sha256(content).digest() for content in contents]
        vectors = np.zeros((len(texts), self._dimension), np.float16)
        missing: dict[bytes, list[int]] = {}
        for number, key in enumerate(keys):
            stored = self._get(key) if key not in missing else None
            if stored is None:
                missing.setdefault(key, []).append(number)
            else:
                vectors[number] = stored
                if progress:
                    progress(1)
        # The longest first: padding is what costs time, and the slow part comes before the quick one.
        ordered = sorted(missing.items(), key=lambda item: -len(texts[item[1][0]]))
        for part in _parts(ordered, _COMMIT_EVERY):
            fresh = embed([texts[numbers[0]] for _, numbers in part], progress)
            stored_rows = fresh.astype(np.float16)
            with self._connection:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                    [(key, row.tobytes()) for (key, _), row in zip(part, stored_rows, strict=True)],
                )
            for (_, numbers), row in zip(part, stored_rows, strict=True):
                vectors[numbers] = row
                if progress and len(numbers) > 1:
                    progress(len(numbers) - 1)
        return vectors, len(missing)

    def _get(self, key: bytes) -> Halves | None:
        with closing(self._connection.execute("SELECT vector FROM vectors WHERE key = ?", (key,))) as cursor:
            row = cursor.fetchone()
        if row is None or len(row[0]) != 2 * self._dimension:
            return None
        vector = np.frombuffer(row[0], np.float16)
        # No digest guards the cache: a vector that has lost its unit length is made again.
        length = float(np.linalg.norm(vector.astype(np.float32)))
        return vector if abs(length - 1) < 0.01 else None


def _open_cache(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"
        )
        # A look at every page, so that no damage shows in the middle of a build.
        ((verdict,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    except BaseException:
        connection.close()
        raise
    return connection


def _parts(items: list[_T], size: int) -> Iterator[list[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
