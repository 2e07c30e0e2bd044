"""Recall of approximate vector search against exact search."""

from __future__ import annotations

import statistics

import numpy as np

from indexer.arrays import Vectors
from indexer.storage.vector_store import VectorStore

#: Passages compared for each question.
COMPARED = 100
_CHUNK = 65_536


def recall(store: VectorStore, vectors: Vectors, compared: int = COMPARED) -> float:
    """The mean share of the exactly nearest ``compared`` passages that a store finds.

    Args:
        vectors: of questions, shape ``(n, dimension)``.
    """
    wanted = min(compared, len(store))
    shares = []
    for vector in vectors:
        scores = np.concatenate(
            [
                store.similarities(vector, np.arange(start, min(start + _CHUNK, len(store))))
                for start in range(0, len(store), _CHUNK)
            ]
        )
        exact = set(np.argpartition(-scores, wanted - 1)[:wanted].tolist())
        shares.append(len(exact & set(store.search(vector, wanted)[1].tolist())) / wanted)
    return statistics.mean(shares)
