"""Array types, each named for what it holds, and the scaling of vectors to unit length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Numbers of documents, passages or sentences, shape ``(n,)``.
Ids = npt.NDArray[np.int64]
#: Unit vectors, shape ``(n, dimension)``, or one of shape ``(dimension,)``.
Vectors = npt.NDArray[np.float32]
#: The same in half precision, as they are cached and stored.
HalfVectors = npt.NDArray[np.float16]
#: One score a row, shape ``(n,)``; larger is better.
Scores = npt.NDArray[np.float32]
#: One flag a row, shape ``(n,)``.
Mask = npt.NDArray[np.bool_]
#: One word a row, shape ``(n,)``.
Strings = npt.NDArray[np.str_]
#: How clearly each sentence expresses each aspect, from 0 to 1, shape ``(sentences, len(ASPECTS))``.
Strengths = npt.NDArray[np.float32]


def unit_rows(vectors: Vectors) -> Vectors:
    """The rows of ``vectors``, shape ``(n, dimension)``, scaled to length 1; rows of zeros stay zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)
