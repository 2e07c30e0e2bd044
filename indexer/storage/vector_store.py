"""Vectors on disk, searched by FAISS."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np
import numpy.typing as npt

from indexer.arrays import HalfVectors, Ids, Vectors
from indexer.errors import IndexDamagedError, IndexingError

# One question scans in a few milliseconds on one core. Threads of FAISS beside those of torch wait for
# each other in busy loops where cores are few, and made a search of 1 ms take over a second.
faiss.omp_set_num_threads(1)
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
#: Rows that are in float32 at the same time while an index is built.
_ADDED_AT_ONCE = 16_384


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
        # Held here because what it refers to lives only as long as it does.
        self._whole = index
        index = faiss.downcast_index(index)
        self._shortlist = index if isinstance(index, faiss.IndexRefine) else None
        self._index = faiss.downcast_index(index.refine_index) if self._shortlist else index
        # The stored numbers themselves, shape (n, dimension): decoding rows by FAISS takes six times as long.
        self._halves = _halves(self._index)

    @classmethod
    def build(cls, vectors: Vectors | HalfVectors, shortlist_from: int = SHORTLIST_FROM) -> FaissStore:
        """A store over rows of ``vectors``, shape ``(n, dimension)``, numbered from 0."""
        count, dimension = vectors.shape
        index: Any = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        # Two dimensions to four bits; so an odd number of them has no shortlist.
        if count >= shortlist_from and dimension % 2 == 0:
            coarse = faiss.IndexPQFastScan(dimension, dimension // 2, 4, faiss.METRIC_INNER_PRODUCT)
            coarse.train(_floats(vectors[:: count // min(count, _TRAINED_ON)]))
            index = faiss.IndexRefine(coarse, index)
        for start in range(0, count, _ADDED_AT_ONCE):
            index.add(_floats(vectors[start : start + _ADDED_AT_ONCE]))
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
            faiss.write_index(self._whole, str(path))
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
        return self._halves[ids].astype(np.float32)

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


def _floats(rows: Vectors | HalfVectors) -> Vectors:
    return np.ascontiguousarray(rows, np.float32)


def _halves(index: Any) -> npt.NDArray[np.float16]:
    """The codes of a flat float16 index as an array over the same memory, mapped or not."""
    count, dimension = int(index.ntotal), int(index.d)
    if count == 0:
        return np.zeros((0, dimension), np.float16)
    codes = faiss.rev_swig_ptr(index.codes.data(), count * index.code_size)
    return codes.view(np.float16).reshape(count, dimension)
