"""Array types, each named once for what it holds."""

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
