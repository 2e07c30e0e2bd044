"""Vectors on disk: FAISS for searching them, a cache so that no text is embedded twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol, TypeVar

import faiss
import numpy as np
import numpy.typing as npt

from indexer.embedder import Embedder, Progress, Vectors
from indexer.errors import IndexDamagedError, IndexingError

# One question scans in a few milliseconds on one core. Threads of FAISS beside those of torch wait for
# each other in busy loops where cores are few, and made a search of 1 ms take over a second.
faiss.omp_set_num_threads(1)

Ids = npt.NDArray[np.int64]
_Embed = Callable[[Sequence[str], Progress | None], Vectors]
_T = TypeVar("_T")
_Parameters: Any = faiss.SearchParameters  # its types do not know the fields
_RefineParameters: Any = faiss.IndexRefineSearchParameters
#: Rows from which on a shortlist is worth its file: scanning as many takes as long as a small part of
#: encoding the question.
SHORTLIST_FROM = 50_000
#: A restriction to one of so many rows is a restriction to few.
_FEW = 16
#: Rows that a shortlist holds, and rows that its quantizer is trained on.
_SHORTLIST = 2000
_TRAINED_ON = 20_000
#: Texts embedded between two commits to the cache: what a killed build loses at most.
_COMMIT_EVERY = 1024


class VectorStore(Protocol):
    """What retrieval asks of a vector engine: nearest rows by inner product, and rows by number."""

    def search(self, vector: Vectors, limit: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]: ...
    def rows(self, ids: Ids) -> Vectors: ...
    def similarities(self, vector: Vectors, ids: Ids) -> Vectors: ...
    def __len__(self) -> int: ...


class FaissStore:
    """Inner-product search over vectors of float16: exact, or exact over a shortlist where they are many.

    Float16 is half the pages of float32 to scan, which is what bounds a search on a small machine; vectors
    come out of the cache in float16 anyway, so nothing is lost. From ``SHORTLIST_FROM`` rows on, product
    quantization in registers (André, Kermarrec & Le Scouarnec 2017, FAISS "fast scan") chooses the
    ``_SHORTLIST`` rows to compare. Figures in docs/adr/0006.
    """

    def __init__(self, index: Any) -> None:
        # Kept: what it refers to lives as long as it does.
        self._whole = index
        index = faiss.downcast_index(index)
        self._shortlist = index if isinstance(index, faiss.IndexRefine) else None
        self._index = faiss.downcast_index(index.refine_index) if self._shortlist else index

    @classmethod
    def build(cls, vectors: Vectors, shortlist_from: int = SHORTLIST_FROM) -> FaissStore:
        """A store over rows of ``vectors``, shape ``(n, dimension)``, numbered from 0."""
        rows = np.ascontiguousarray(vectors, np.float32)
        exact = faiss.IndexScalarQuantizer(
            rows.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        if len(rows) < shortlist_from:
            exact.add(rows)
            return cls(exact)
        # Two dimensions to four bits.
        coarse = faiss.IndexPQFastScan(rows.shape[1], rows.shape[1] // 2, 4, faiss.METRIC_INNER_PRODUCT)
        coarse.train(rows[:: len(rows) // min(len(rows), _TRAINED_ON)])
        both = faiss.IndexRefine(coarse, exact)
        both.add(rows)
        return cls(both)

    @classmethod
    def open(cls, path: Path) -> FaissStore:
        """Open a stored index, memory-mapped, so that several processes share its pages.

        Raises:
            IndexDamagedError: FAISS cannot read the file.
        """
        try:
            return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))
        except RuntimeError as error:
            raise IndexDamagedError(f"{path.name}: not a readable FAISS index") from error

    def save(self, path: Path) -> None:
        try:
            faiss.write_index(self._shortlist or self._index, str(path))
            # FAISS says nothing when the last bytes find no room: the file is complete if it can be read.
            FaissStore.open(path)
        except (RuntimeError, IndexDamagedError) as error:
            raise IndexingError(f"cannot write {path}: the disk may be full") from error

    def search(self, vector: Vectors, limit: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]:
        """Scores and row numbers of the best ``limit`` rows for one vector, best first.

        ``allowed`` restricts the search itself, so that a filtered one still fills its limit; it is exact.
        """
        limit = min(limit, len(self) if allowed is None else len(allowed))
        if limit <= 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        if allowed is not None and _FEW * len(allowed) <= len(self):
            # Looking a few rows up is faster than asking of every row whether it is one of them.
            similarities = self.similarities(vector, allowed)
            order = np.lexsort((allowed, -similarities))[:limit]
            return similarities[order], allowed[order]
        index, parameters = self._index, None
        if allowed is not None:
            parameters = _Parameters(sel=faiss.IDSelectorBatch(np.ascontiguousarray(allowed)))
        elif self._shortlist is not None:
            index = self._shortlist
            parameters = _RefineParameters(k_factor=max(2.0, _SHORTLIST / limit))
        scores, ids = index.search(vector.reshape(1, -1), limit, params=parameters)
        found = ids[0] >= 0
        return scores[0][found], ids[0][found]

    def rows(self, ids: Ids) -> Vectors:
        """Vectors of the given rows, shape ``(len(ids), dimension)``."""
        if len(ids) == 0:
            return np.zeros((0, self._index.d), np.float32)
        return np.asarray(self._index.reconstruct_batch(np.ascontiguousarray(ids)), np.float32)

    def similarities(self, vector: Vectors, ids: Ids) -> Vectors:
        """Inner products of one vector with the given rows, shape ``(len(ids),)``."""
        # Not the product of a matrix library: for so few rows its threads cost more than they save.
        products: Vectors = np.einsum("ij,j->i", self.rows(ids), vector)
        return products

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)


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
    ) -> tuple[Vectors, int]:
        """Vectors of ``texts``, shape ``(len(texts), dimension)``, and how many had to be embedded.

        Every vector goes through float16, so that a cached one and a fresh one are the same.
        """
        return self._embed([text.encode("utf-8") for text in texts], texts, embedder.embed_passages, progress)

    def embed_questions(self, texts: Sequence[str], embedder: Embedder) -> Vectors:
        """The same for texts read as questions; only texts of our own, never what users ask."""

        def embed(chosen: Sequence[str], _progress: Progress | None) -> Vectors:
            return embedder.embed_questions(chosen)

        # A question and a passage of the same words have different vectors.
        return self._embed([b"question\0" + text.encode("utf-8") for text in texts], texts, embed, None)[0]

    def _embed(
        self, contents: Sequence[bytes], texts: Sequence[str], embed: _Embed, progress: Progress | None
    ) -> tuple[Vectors, int]:
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
        for part in _parts(list(missing.items()), _COMMIT_EVERY):
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
        return vectors.astype(np.float32), len(missing)

    def _get(self, key: bytes) -> npt.NDArray[np.float16] | None:
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
