"""Probabilities that a sentence expresses each aspect, from its words, lead-in, heading and vector.

The vector counts by its similarity to exemplars (``exemplars.tsv``: example sentences written for this
project in three languages, embedded at build time by the model in use): the mean cosine to an aspect's
nearest exemplars minus the mean cosine to the nearest of all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer import resources
from indexer.annotation import discourse
from indexer.annotation.aspects import ASPECTS
from indexer.arrays import Strengths, Vectors, unit_rows
from indexer.documents import Sentence
from indexer.errors import IndexDamagedError
from indexer.storage.array_file import read_array

_ROWS_AT_ONCE = 8192
#: Weights set by hand justify no more than the three digits of half precision.
_STORED = np.float16


@dataclass(frozen=True, slots=True)
class AspectWeights:
    """Weights of the logistic model, the same for every aspect; the order is that of the features.

    By hand, measured with ``python -m eval aspects`` (docs/adr/0007): the 225 labelled sentences are too few
    to fit them, and a regression fitted on one half did worse on the other (F1 .64 against .76).
    """

    #: by hand: one strong cue alone is enough.
    cue: float = 3.0
    #: by hand: as a cue.
    lead_in: float = 3.0
    #: by hand: as a cue.
    heading: float = 3.0
    #: by hand: a sentence has to be almost three standard deviations nearer to express an aspect by this
    #: alone.
    similarity: float = 0.8
    #: by hand: without evidence the probability is .1.
    intercept: float = -2.2


@dataclass(frozen=True, slots=True)
class ExemplarSettings:
    """Comparison of a vector with the exemplars."""

    #: by hand: exemplars compared on each side; one alone may be similar by its topic (docs/adr/0007).
    nearest: int = 3


def cue_features(text: str, sentences: Sequence[Sentence]) -> Strengths:
    """The features of each sentence that need no vector, shape ``(sentences, len(ASPECTS), 3)``.

    The last axis is cue, lead-in, heading, each from 0 to 1.
    """
    cues = discourse.cue_strengths(text, sentences)
    lead_ins = discourse.lead_in_strengths(text, sentences, cues)
    headings = discourse.heading_strengths(text, sentences, cues)
    return np.stack([cues, lead_ins, headings], axis=-1)


def probabilities(
    cues: Strengths, similarities: Strengths, weights: AspectWeights | None = None
) -> Strengths:
    """Probability that each sentence expresses each aspect, shape ``(sentences, len(ASPECTS))``.

    Args:
        cues: as ``cue_features`` returns them.
        similarities: as ``Exemplars.similarities`` returns them.
    """
    weights = weights or AspectWeights()
    features = np.concatenate([cues, similarities[..., np.newaxis]], axis=-1)
    factors = np.array([weights.cue, weights.lead_in, weights.heading, weights.similarity], np.float32)
    return np.asarray(1.0 / (1.0 + np.exp(-(features @ factors + weights.intercept))), np.float32)


class Exemplars:
    """Vectors of the exemplars, centred and of unit length, and the aspect of each (-1: no aspect)."""

    def __init__(
        self, vectors: Vectors, aspects: Sequence[int], settings: ExemplarSettings | None = None
    ) -> None:
        self._nearest = (settings or ExemplarSettings()).nearest
        self._centroid = vectors.mean(axis=0)
        self._vectors = unit_rows(vectors - self._centroid)
        self._aspects = np.asarray(aspects)
        differences = self._differences(self._vectors, leave_one_out=True)
        #: Another model may place its vectors closer together; only differences relative to their spread
        #: count.
        self._spread = max(float(differences.std()), 1e-6)

    @classmethod
    def build(cls, embed: Callable[[Sequence[str]], Vectors]) -> Exemplars:
        """Embed the exemplars; ``embed`` returns a row of unit length for each text, as for passages."""
        names, texts = zip(*read_exemplars(), strict=True)
        numbers = [ASPECTS.index(name) if name in ASPECTS else -1 for name in names]
        return cls(np.asarray(embed(texts), np.float32), numbers)

    def similarities(self, vectors: npt.NDArray[np.floating[Any]]) -> Strengths:
        """Similarity of each sentence to each aspect, in standard deviations, shape ``(n, aspects)``."""
        found = np.zeros((len(vectors), len(ASPECTS)), np.float32)
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            block = unit_rows(np.asarray(vectors[rows], np.float32) - self._centroid)
            found[rows] = self._differences(block) / self._spread
        return found

    def _differences(self, vectors: Vectors, leave_one_out: bool = False) -> Strengths:
        cosines = vectors @ self._vectors.T
        if leave_one_out:
            np.fill_diagonal(cosines, -1.0)
        columns = []
        for number in range(len(ASPECTS)):
            own = self._aspects == number
            columns.append(self._mean_of_nearest(cosines[:, own]) - self._mean_of_nearest(cosines[:, ~own]))
        return np.stack(columns, axis=1)

    def _mean_of_nearest(self, cosines: Strengths) -> Strengths:
        count = min(self._nearest, cosines.shape[1])
        return np.asarray(np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1), np.float32)


def read_exemplars() -> list[tuple[str, str]]:
    """``(aspect or "none", sentence)`` of every exemplar."""
    return [(name, text) for name, text in resources.rows("exemplars.tsv")]


def save(path: Path, probabilities: Strengths) -> None:
    """Write the probabilities of a generation's sentences."""
    np.save(path, probabilities.astype(_STORED))


def load(path: Path, sentences: int) -> Strengths:
    """Read stored probabilities, shape ``(sentences, len(ASPECTS))``, memory-mapped.

    Raises:
        IndexDamagedError: the file is missing, or of another shape or type.
    """
    stored = read_array(path, mapped=True)
    if stored.shape != (sentences, len(ASPECTS)) or stored.dtype != _STORED:
        raise IndexDamagedError(
            f"{path.name}: {stored.dtype} of shape {stored.shape} for {sentences} sentences"
        )
    return stored
