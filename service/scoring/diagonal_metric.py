"""The diagonal similarity metric: a learned weight for each dimension of the vectors.

The default model's cosine counts every dimension alike. The weights were learned on public English questions,
each with the sentence that answers it among those around it. One number a dimension, they hold for German
and Vietnamese too (``python -m eval metric``; figures in ``diagonal_metric.json``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.arrays import Scores, Vectors

#: Fitted: ``python -m eval metric``.
DIAGONAL_METRIC = Path(__file__).with_name("diagonal_metric.json")


@dataclass(frozen=True, slots=True)
class DiagonalMetric:
    """``weights`` of the dimensions, and ``offset`` of questions from the centroid of their language.

    Both have shape ``(dimension,)``.
    """

    weights: Vectors
    offset: Vectors

    @classmethod
    def load(cls, digest: str, path: Path = DIAGONAL_METRIC) -> DiagonalMetric | None:
        """The metric of the model with this digest; ``None`` if none was learned for it."""
        values = json.loads(path.read_text("utf-8"))
        if values["model"]["digest"] != digest:
            return None
        return cls(np.array(values["weights"], np.float32), np.array(values["offset"], np.float32))

    def scores(self, question: Vectors, centroid: Vectors, sentences: Vectors) -> Scores:
        """Additions to the cosines of sentences, shape ``(n,)``.

        Args:
            question: its vector for the texts of a language; ``centroid``: of that language.
            sentences: their vectors, shape ``(n, dimension)``.
        """
        return np.asarray(sentences @ ((question - centroid - self.offset) * self.weights), np.float32)
