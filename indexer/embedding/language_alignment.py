"""Alignment of question vectors with passages in another language.

A multilingual model places texts of one language closer together than their content justifies. This shift is
nearly the same for every text of a language, so replacing the centroid of the question's language by that of
the passages' language leaves the content (language centring: Libovický et al. 2020,
https://aclanthology.org/2020.findings-emnlp.150; docs/adr/0005). The centroids come from sentences in three
languages, ``parallel.tsv``, embedded by the model in use; nothing is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from indexer import resources
from indexer.arrays import Vectors
from indexer.errors import IndexDamagedError
from indexer.storage.array_file import read_array
from indexer.text.languages import LANGUAGES, Language

_COLUMNS: tuple[Language, ...] = ("de", "en", "vi")


class LanguageAlignment:
    """Centroids of the question vectors of each language, shape ``(len(LANGUAGES), dimension)``."""

    def __init__(self, centroids: Vectors) -> None:
        self._centroids = centroids

    @classmethod
    def build(cls, embed: Callable[[Sequence[str]], Vectors]) -> LanguageAlignment:
        """Embed the parallel sentences; ``embed`` returns a row for each text, as for questions."""
        rows = parallel_sentences()
        return cls(np.stack([embed([row[name] for row in rows]).mean(axis=0) for name in LANGUAGES]))

    @classmethod
    def open(cls, path: Path, dimension: int) -> LanguageAlignment:
        """Read stored centroids.

        Raises:
            IndexDamagedError: the file does not hold one centroid of ``dimension`` numbers for each language.
        """
        centroids = read_array(path)
        fits = centroids.shape == (len(LANGUAGES), dimension)
        if not fits or centroids.dtype != np.float32 or not np.isfinite(centroids).all():
            raise IndexDamagedError(
                f"{path.name}: {centroids.dtype} of shape {centroids.shape}, "
                f"expected float32 of shape {(len(LANGUAGES), dimension)}, all finite"
            )
        return cls(centroids)

    def save(self, path: Path) -> None:
        np.save(path, self._centroids, allow_pickle=False)

    def centroid(self, language: Language) -> Vectors:
        """The centroid of a language, shape ``(dimension,)``."""
        centroid: Vectors = self._centroids[LANGUAGES.index(language)]
        return centroid

    def aligned(self, question: Vectors, language: Language, passages: Language) -> Vectors:
        """The vector of a question, shape ``(dimension,)``, for comparison with passages of a language."""
        if language == passages:
            return question
        shifted = question + (self.centroid(passages) - self.centroid(language))
        unit: Vectors = (shifted / max(float(np.linalg.norm(shifted)), 1e-12)).astype(np.float32)
        return unit


def parallel_sentences() -> list[dict[Language, str]]:
    """Sentences on varied topics, half of them questions, each in every language."""
    return [dict(zip(_COLUMNS, row, strict=True)) for row in resources.rows("parallel.tsv")]
