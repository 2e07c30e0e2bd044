"""How much a sentence answers, beyond how alike it is: a metric learned on questions and their sentences.

The default model's cosine counts every dimension of its space alike. On public English questions, each with
the sentence that answers it among those around it, a weight for each dimension was learned; being only one
number a dimension, it holds for German and Vietnamese too (``python -m eval metric``, figures in
``diagonal_metric.json``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from indexer.arrays import Scores, Vectors

METRIC = Path(__file__).with_name("diagonal_metric.json")


@dataclass(frozen=True, slots=True)
class Metric:
    """``weights`` of the dimensions, and the ``offset`` of questions from the centre of their language.

    Both of shape ``(dimension,)``.
    """

    weights: Vectors
    offset: Vectors

    @classmethod
    @cache
    def load(cls, digest: str) -> Metric | None:
        """The metric of the model with this digest; ``None`` where none was learned for it."""
        values = json.loads(METRIC.read_text("utf-8"))
        if values["model"]["digest"] != digest:
            return None
        return cls(np.array(values["weights"], np.float32), np.array(values["offset"], np.float32))

    def scores(self, question: Vectors, centre: Vectors, sentences: Vectors) -> Scores:
        """What each sentence gains over its cosine, shape ``(n,)``.

        Args:
            question: its vector among the texts of a language, ``centre``: that language's centre.
            sentences: their vectors, of shape ``(n, dimension)``.
        """
        return np.asarray(sentences @ ((question - centre - self.offset) * self.weights), np.float32)
