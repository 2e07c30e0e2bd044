"""Vector search in which each language of the corpus is compared with its own query vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from indexer.arrays import Ids, Scores, Strings, Vectors
from indexer.index.generation import Generation
from indexer.storage.vector_store import VectorStore
from indexer.text.languages import Language
from service.retrieval.corpus_lookup import CorpusLookup

#: A query vector for the rows of each language, each of shape ``(dimension,)``.
VectorByLanguage = Mapping[Language, Vectors]


@dataclass(frozen=True, slots=True)
class MultilingualVectors:
    """Vectors of passages or sentences by row number, and the rows of each language."""

    store: VectorStore
    languages: Strings
    by_language: Mapping[str, Ids]

    @classmethod
    def build(cls, store: VectorStore, languages: Strings) -> MultilingualVectors:
        """Group the rows of a store by their language; ``languages`` has shape ``(rows,)``."""
        rows = {str(name): np.flatnonzero(languages == name) for name in np.unique(languages)}
        return cls(store, languages, rows)

    def similarities(self, query: VectorByLanguage, rows: Ids) -> Scores:
        """Cosine of the query and each of the given rows, shape ``(len(rows),)``."""
        if len(query) == 1:
            return self.store.similarities(next(iter(query.values())), rows)
        similarity = np.zeros(len(rows), np.float32)
        for language, vector in query.items():
            chosen = np.flatnonzero(self.languages[rows] == language)
            similarity[chosen] = self.store.similarities(vector, rows[chosen])
        return similarity

    def nearest(self, query: VectorByLanguage, limit: int, allowed: Ids | None = None) -> tuple[Scores, Ids]:
        """Cosines and numbers of the ``limit`` nearest rows, nearest first, among ``allowed`` if given."""
        if len(query) == 1:
            return self.store.search(next(iter(query.values())), limit, allowed)
        found = [(np.zeros(0, np.float32), np.zeros(0, np.int64))]
        for language, vector in query.items():
            found.append(self._nearest_of_language(language, vector, limit, allowed))
        scores, rows = np.concatenate([s for s, _ in found]), np.concatenate([r for _, r in found])
        order = np.lexsort((rows, -scores))[:limit]
        return scores[order], rows[order]

    def _nearest_of_language(
        self, language: Language, vector: Vectors, limit: int, allowed: Ids | None
    ) -> tuple[Scores, Ids]:
        rows = self.by_language[language]
        if allowed is None and 2 * len(rows) >= len(self.languages):
            # An unrestricted search may use the shortlist, and most of its results are in this language.
            scores, found = self.store.search(vector, 2 * limit)
            matching = self.languages[found] == language
            if matching.sum() >= min(limit, len(rows)):
                return scores[matching][:limit], found[matching][:limit]
        return self.store.search(vector, limit, rows if allowed is None else np.intersect1d(allowed, rows))


@dataclass(frozen=True, slots=True)
class CorpusVectors:
    """The vectors of a generation's passages and sentences."""

    passages: MultilingualVectors
    sentences: MultilingualVectors

    @classmethod
    def build(cls, generation: Generation, lookup: CorpusLookup) -> CorpusVectors:
        """Group the vectors of a generation by language."""
        language = lookup.language
        return cls(
            MultilingualVectors.build(generation.passage_vectors, language),
            MultilingualVectors.build(generation.sentence_vectors, language[lookup.passage_of]),
        )
