"""Which aspects each sentence tells, as probabilities: from its words, lead-in, heading and vector.

A sentence's similarity to an aspect is how much nearer its vector is to that aspect's nearest exemplars than
to the nearest of all others (``exemplars.tsv``, sentences of our own in three languages, embedded at build
time by whatever model is in use).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer import resources
from indexer.annotation import discourse
from indexer.annotation.aspects import ASPECTS
from indexer.arrays import Strengths, Vectors
from indexer.documents import Sentence
from indexer.errors import IndexDamagedError
from indexer.storage.array_file import read_array

#: Kinds of evidence, the last axis of ``evidence``.
KINDS = ("words", "lead_in", "heading", "similarity")
#: Exemplars that a sentence is compared with, on each side.
_NEAREST = 3
_ROWS_AT_ONCE = 8192
#: Two digits are all that a probability set by hand is worth.
_STORED = np.float16
#: Set by hand, the same for every aspect, and measured by ``python -m eval aspects``: 225 sentences told by
#: reading are too few to fit them, and half of those retell the others.
_WEIGHTS = np.array([3.0, 3.0, 3.0, 0.8], np.float32)
_INTERCEPT = -2.2


def probabilities(evidence: Strengths) -> Strengths:
    """Probability that each sentence tells each aspect, from evidence of shape ``(n, aspects, kinds)``."""
    return np.asarray(1.0 / (1.0 + np.exp(-(evidence @ _WEIGHTS + _INTERCEPT))), np.float32)


def evidence(told: Strengths, similarity: Strengths) -> Strengths:
    """All evidence, shape ``(sentences, len(ASPECTS), len(KINDS))``; ``told`` as of ``evidence_of_words``."""
    return np.concatenate([told, similarity[..., np.newaxis]], axis=-1)


def evidence_of_words(text: str, sentences: Sequence[Sentence]) -> Strengths:
    """The evidence on each sentence of a document without its vector: all of ``KINDS`` but the last."""
    words = discourse.words(text, sentences)
    lead_ins = discourse.lead_ins(text, sentences, words)
    headings = discourse.headings(text, sentences, words)
    return np.stack([words, lead_ins, headings], axis=-1)


class Exemplars:
    """Vectors of the exemplars, centred and of unit length, and the aspect of each (-1: none)."""

    def __init__(self, vectors: Vectors, aspects: Sequence[int]) -> None:
        self._centre = vectors.mean(axis=0)
        self._vectors = _unit(vectors - self._centre)
        self._aspects = np.asarray(aspects)
        similarity = self._compared(self._vectors, leave_out=True)
        #: Of another model the cosines may lie closer together: what counts is their spread.
        self._spread = max(float(similarity.std()), 1e-6)

    @classmethod
    def build(cls, embed: Callable[[Sequence[str]], Vectors]) -> Exemplars:
        """Exemplars by ``embed``, which gives a row of unit length for each sentence, as of a passage."""
        names, texts = zip(*read_exemplars(), strict=True)
        numbers = [ASPECTS.index(name) if name in ASPECTS else -1 for name in names]
        return cls(np.asarray(embed(texts), np.float32), numbers)

    def similarity(self, vectors: npt.NDArray[np.floating[Any]]) -> Strengths:
        """How much each sentence resembles each aspect, in standard deviations, shape ``(n, aspects)``."""
        found = np.zeros((len(vectors), len(ASPECTS)), np.float32)
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            block = _unit(np.asarray(vectors[rows], np.float32) - self._centre)
            found[rows] = self._compared(block) / self._spread
        return found

    def _compared(self, vectors: Vectors, leave_out: bool = False) -> Strengths:
        cosines = vectors @ self._vectors.T
        if leave_out:
            np.fill_diagonal(cosines, -1.0)
        columns = []
        for number in range(len(ASPECTS)):
            own = self._aspects == number
            columns.append(_mean_of_best(cosines[:, own]) - _mean_of_best(cosines[:, ~own]))
        return np.stack(columns, axis=1)


def read_exemplars() -> list[tuple[str, str]]:
    """``(aspect or "none", sentence)`` of every exemplar."""
    return [(name, text) for name, text in resources.rows("exemplars.tsv")]


def save(path: Path, probabilities: Strengths) -> None:
    """Write the probabilities of a generation's sentences."""
    np.save(path, probabilities.astype(_STORED))


def load(path: Path, sentences: int) -> Strengths:
    """Read stored probabilities, shape ``(sentences, len(ASPECTS))``, memory-mapped.

    Raises:
        IndexDamagedError: the file is missing, or of another shape or kind.
    """
    stored = read_array(path, mapped=True)
    if stored.shape != (sentences, len(ASPECTS)) or stored.dtype != _STORED:
        raise IndexDamagedError(
            f"{path.name}: {stored.dtype} of shape {stored.shape} for {sentences} sentences"
        )
    return stored


def _mean_of_best(cosines: Strengths) -> Strengths:
    kept = min(_NEAREST, cosines.shape[1])
    return np.asarray(np.partition(cosines, -kept, axis=1)[:, -kept:].mean(axis=1), np.float32)


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), np.float32)
