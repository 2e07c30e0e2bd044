"""Of the nearest passages by exact comparison, how many a store finds."""

from __future__ import annotations

import statistics

import numpy as np

from indexer.arrays import Vectors
from indexer.storage.vector_store import VectorStore

#: Passages compared for each question.
COMPARED = 100
_AT_ONCE = 65_536


def recall(store: VectorStore, vectors: Vectors) -> float:
    """Mean over questions, ``vectors`` of shape ``(n, dimension)``."""
    wanted = min(COMPARED, len(store))
    shares = []
    for vector in vectors:
        scores = np.concatenate(
            [
                store.similarities(vector, np.arange(start, min(start + _AT_ONCE, len(store))))
                for start in range(0, len(store), _AT_ONCE)
            ]
        )
        exact = set(np.argpartition(-scores, wanted - 1)[:wanted].tolist())
        shares.append(len(exact & set(store.search(vector, wanted)[1].tolist())) / wanted)
    return statistics.mean(shares)
