"""Vector store: vectors on disk, searched by FAISS."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np
import numpy.typing as npt

from indexer.arrays import HalfVectors, Ids, Vectors
from indexer.errors import IndexDamagedError, IndexingError

# A search takes a few milliseconds on one core. With few cores, threads of FAISS and of torch wait for each
# other in busy loops, which made a search of 1 ms take over a second.
faiss.omp_set_num_threads(1)
_Parameters: Any = faiss.SearchParameters  # its types do not know the fields
_RefineParameters: Any = faiss.IndexRefineSearchParameters
#: Rows from which on a shortlist is worth its file: scanning fewer takes a small part of the time that
#: encoding the question takes.
SHORTLIST_FROM = 50_000
#: A search restricted to at most one in so many rows compares those rows directly.
_SPARSE_RESTRICTION = 16
#: Rows of a shortlist, and rows on which its quantizer is trained.
_SHORTLIST_ROWS = 2000
_TRAINING_ROWS = 20_000
#: Rows converted to float32 at a time while an index is built.
_ROWS_PER_BLOCK = 16_384


class VectorStore(Protocol):
    """Vector engine: nearest rows by inner product, and rows by number."""

    def search(self, vector: Vectors, limit: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]: ...
    def rows(self, ids: Ids) -> Vectors: ...
    def similarities(self, vector: Vectors, ids: Ids) -> Vectors: ...
    def __len__(self) -> int: ...


class FaissStore:
    """Inner-product search over float16 vectors: exact, or exact over a shortlist where there are many.

    A search on a small machine is bound by the pages to scan, which float16 halves; vectors are cached in
    float16, so nothing is lost. From ``SHORTLIST_FROM`` rows on, product
    quantization in registers (André, Kermarrec & Le Scouarnec 2017, FAISS "fast scan") chooses the
    ``_SHORTLIST_ROWS`` rows to compare (docs/adr/0006).
    """

    def __init__(self, index: Any) -> None:
        # Held here because what it refers to lives only as long as it does.
        self._stored = index
        index = faiss.downcast_index(index)
        self._shortlist = index if isinstance(index, faiss.IndexRefine) else None
        self._index = faiss.downcast_index(index.refine_index) if self._shortlist else index
        # The stored numbers themselves, shape (n, dimension): FAISS takes six times as long to decode rows.
        self._vectors = _half_vectors(self._index)

    @classmethod
    def build(cls, vectors: Vectors | HalfVectors, shortlist_from: int = SHORTLIST_FROM) -> FaissStore:
        """A store over rows of ``vectors``, shape ``(n, dimension)``, numbered from 0."""
        count, dimension = vectors.shape
        index: Any = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        # Two dimensions share four bits, so an odd dimension has no shortlist.
        if count >= shortlist_from and dimension % 2 == 0:
            shortlist = faiss.IndexPQFastScan(dimension, dimension // 2, 4, faiss.METRIC_INNER_PRODUCT)
            shortlist.train(_as_float32(vectors[:: count // min(count, _TRAINING_ROWS)]))
            index = faiss.IndexRefine(shortlist, index)
        for start in range(0, count, _ROWS_PER_BLOCK):
            index.add(_as_float32(vectors[start : start + _ROWS_PER_BLOCK]))
        return cls(index)

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
            faiss.write_index(self._stored, str(path))
            # FAISS does not report that the last bytes did not fit: the file is complete if it can be read.
            FaissStore.open(path)
        except (RuntimeError, IndexDamagedError) as error:
            raise IndexingError(f"cannot write {path}: the disk may be full") from error

    def search(self, vector: Vectors, limit: int, allowed: Ids | None = None) -> tuple[Vectors, Ids]:
        """Scores and row numbers of the best ``limit`` rows for one vector, best first.

        ``allowed`` restricts the search itself, so that a filtered search still fills its limit; such a
        search is exact.
        """
        limit = min(limit, len(self) if allowed is None else len(allowed))
        if limit <= 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        if allowed is not None and _SPARSE_RESTRICTION * len(allowed) <= len(self):
            # Comparing a few rows is faster than testing every row for membership.
            similarities = self.similarities(vector, allowed)
            order = np.lexsort((allowed, -similarities))[:limit]
            return similarities[order], allowed[order]
        index, parameters = self._index, None
        if allowed is not None:
            parameters = _Parameters(sel=faiss.IDSelectorBatch(np.ascontiguousarray(allowed)))
        elif self._shortlist is not None:
            index = self._shortlist
            parameters = _RefineParameters(k_factor=max(2.0, _SHORTLIST_ROWS / limit))
        scores, ids = index.search(vector.reshape(1, -1), limit, params=parameters)
        found = ids[0] >= 0
        return scores[0][found], ids[0][found]

    def rows(self, ids: Ids) -> Vectors:
        """Vectors of the given rows, shape ``(len(ids), dimension)``."""
        return self._vectors[ids].astype(np.float32)

    def similarities(self, vector: Vectors, ids: Ids) -> Vectors:
        """Inner products of one vector with the given rows, shape ``(len(ids),)``."""
        # Not a BLAS product: for so few rows its threads cost more than they save.
        products: Vectors = np.einsum("ij,j->i", self.rows(ids), vector)
        return products

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)


def _as_float32(rows: Vectors | HalfVectors) -> Vectors:
    return np.ascontiguousarray(rows, np.float32)


def _half_vectors(index: Any) -> npt.NDArray[np.float16]:
    """The codes of a flat float16 index as an array over the same memory, mapped or not."""
    count, dimension = int(index.ntotal), int(index.d)
    if count == 0:
        return np.zeros((0, dimension), np.float16)
    codes = faiss.rev_swig_ptr(index.codes.data(), count * index.code_size)
    return codes.view(np.float16).reshape(count, dimension)
