"""Vectors of texts in several languages, each compared with the question as it stands in that language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from indexer.arrays import Ids, Scores, Strings, Vectors
from indexer.storage.vector_store import VectorStore
from indexer.text.languages import Language

#: A question's vector for the texts of each language, shape ``(dimension,)``.
Aligned = Mapping[Language, Vectors]


@dataclass(frozen=True, slots=True)
class Space:
    """Passages or sentences by number: their vectors, and which of them are in which language."""

    name: str
    store: VectorStore
    languages: Strings
    by_language: Mapping[str, Ids]

    @classmethod
    def of(cls, name: str, store: VectorStore, languages: Strings) -> Space:
        """A space of rows, each in the language named for it."""
        return cls(
            name, store, languages, {str(n): np.flatnonzero(languages == n) for n in np.unique(languages)}
        )

    def similarities(self, question: Aligned, rows: Ids) -> Scores:
        """Cosine of the question and each of the given rows, shape ``(len(rows),)``."""
        if len(question) == 1:
            return self.store.similarities(next(iter(question.values())), rows)
        similarity = np.zeros(len(rows), np.float32)
        for language, vector in question.items():
            chosen = np.flatnonzero(self.languages[rows] == language)
            similarity[chosen] = self.store.similarities(vector, rows[chosen])
        return similarity

    def nearest(self, question: Aligned, limit: int, allowed: Ids | None = None) -> tuple[Scores, Ids]:
        """Cosines and numbers of the ``limit`` nearest rows, nearest first; of ``allowed`` ones if given."""
        if len(question) == 1:
            return self.store.search(next(iter(question.values())), limit, allowed)
        found = [(np.zeros(0, np.float32), np.zeros(0, np.int64))]
        for language, vector in question.items():
            found.append(self._nearest(language, vector, limit, allowed))
        scores, numbers = np.concatenate([s for s, _ in found]), np.concatenate([n for _, n in found])
        order = np.lexsort((numbers, -scores))[:limit]
        return scores[order], numbers[order]

    def _nearest(
        self, language: Language, vector: Vectors, limit: int, allowed: Ids | None
    ) -> tuple[Scores, Ids]:
        """The nearest rows of one language."""
        rows = self.by_language[language]
        if allowed is None and 2 * len(rows) >= len(self.languages):
            # A search without restriction may use the shortlist, and most of what it finds is right.
            scores, numbers = self.store.search(vector, 2 * limit)
            mine = self.languages[numbers] == language
            if mine.sum() >= min(limit, len(rows)):
                return scores[mine][:limit], numbers[mine][:limit]
        return self.store.search(vector, limit, rows if allowed is None else np.intersect1d(allowed, rows))
