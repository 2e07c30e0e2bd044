"""First-stage retrieval: candidate generation and linear score fusion.

Passages are scored by similarity of the passage, similarity of their best sentence, and lexical overlap. The
scores add up; ranks are never fused, because a ranking that is bad for a question (words of another
language) would then count as much as a good one (docs/adr/0001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.arrays import Ids, Scores
from indexer.index.generation import Generation
from service.deadline import check_deadline
from service.query.question import Question
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.encoded_query import EncodedQuery, QueryEncoder
from service.retrieval.filters import Filters
from service.retrieval.fusion_weights import FusionWeightsByLanguage
from service.retrieval.hits import Hit
from service.retrieval.multilingual_vectors import CorpusVectors

#: By hand: more than any difference of two cosines, so that a heading comes after every other sentence.
_HEADING_PENALTY = 2.0


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """Depths of the first stage."""

    #: By hand: how many passages each feature may propose.
    candidates: int = 200
    #: By hand: further passages of documents that name a reference of the question.
    reference_passages: int = 200


class Retriever:
    """Searches one generation. Holds no state of a question; safe to use from several threads."""

    def __init__(
        self,
        generation: Generation,
        lookup: CorpusLookup,
        vectors: CorpusVectors,
        encoder: QueryEncoder,
        weights: FusionWeightsByLanguage,
        settings: RetrievalSettings | None = None,
    ) -> None:
        self._passages = generation.passages
        self._sentences = generation.sentences
        self._lookup = lookup
        self._vectors = vectors
        self._encoder = encoder
        self._weights = weights
        self._settings = settings or RetrievalSettings()

    def encode(self, question: Question) -> EncodedQuery:
        """The question as ranking reads it; encoded once, used by search and answer."""
        return self._encoder.encode(question)

    def search(self, query: EncodedQuery, limit: int, filters: Filters | None = None) -> list[Hit]:
        """The best ``limit`` passages, best first; fewer only where no more pass the filters."""
        allowed = self._lookup.passages_of(filters) if filters else None
        if (allowed is not None and len(allowed) == 0) or len(self._passages) == 0:
            return []
        return self.rank(query, self._candidates(query, limit, allowed), limit)

    def rank(self, query: EncodedQuery, passages: Ids, limit: int) -> list[Hit]:
        """The best ``limit`` of the given passages as hits, best first."""
        check_deadline()
        documents = self._passages.document[passages]
        similarity = query.passage_similarities(self._vectors, passages, documents)
        best, best_similarity = self._best_sentences(query, passages)
        lexical = query.lexical[passages]
        score = self._fused(query.question, passages, similarity, best_similarity, lexical)
        # Equal scores are ordered by passage number: the same question gives the same list every time.
        order = np.lexsort((passages, -score))[:limit]
        return [
            Hit(
                passage=int(passages[i]),
                score=float(score[i]),
                passage_score=float(similarity[i]),
                sentence_score=float(best_similarity[i]),
                lexical_score=float(lexical[i]),
                best_sentence=int(best[i]),
            )
            for i in order
        ]

    def rank_of_references(
        self, query: EncodedQuery, keys: Sequence[str], excluded: Sequence[Hit], filters: Filters | None
    ) -> list[Hit]:
        """The best further passages of the documents that name one of the references, best first.

        Args:
            excluded: hits that are left out.
        """
        lookup = self._lookup
        naming = np.concatenate([lookup.documents_by_key[key] for key in keys])
        passages = np.flatnonzero(np.isin(lookup.passage_document, naming))
        allowed = lookup.passages_of(filters) if filters else None
        passages = passages if allowed is None else np.intersect1d(passages, allowed)
        further = np.setdiff1d(passages, [hit.passage for hit in excluded])
        return self.rank(query, further, self._settings.reference_passages)

    def _candidates(self, query: EncodedQuery, limit: int, allowed: Ids | None) -> Ids:
        """Passages that any feature proposes, in order of their numbers."""
        depth, lookup, vectors = max(self._settings.candidates, 2 * limit), self._lookup, self._vectors
        sentences = None if allowed is None else lookup.sentences_of(allowed)
        _, by_passage = vectors.passages.nearest(query.vectors, depth, allowed)
        _, by_sentence = vectors.sentences.nearest(query.vectors, depth, sentences)
        proposed = [
            by_passage,
            lookup.passage_of[by_sentence],
            _with_highest_lexical(query.lexical, depth, allowed),
        ]
        if query.context:
            fitting = lookup.passages_in_documents(query.context.documents)
            fitting = fitting if allowed is None else np.intersect1d(fitting, allowed)
            sentences = lookup.sentences_of(fitting)
            _, by_passage = vectors.passages.nearest(query.rewritten_vectors, depth, fitting)
            _, by_sentence = vectors.sentences.nearest(query.rewritten_vectors, depth, sentences)
            proposed += [by_passage, lookup.passage_of[by_sentence]]
        return np.unique(np.concatenate(proposed))

    def _fused(
        self, question: Question, passages: Ids, similarity: Scores, best_similarity: Scores, lexical: Scores
    ) -> Scores:
        """Weighted sum of all features, shape ``(len(passages),)``."""
        lookup, weights = self._lookup, self._weights
        documents = self._passages.document[passages]
        same_language = lookup.language[passages] == question.language
        parts = [
            np.where(same_language, getattr(weights.same, name), getattr(weights.other, name)) * value
            for name, value in (
                ("passage", similarity),
                ("sentence", best_similarity),
                ("lexical", lexical),
                ("reference", lookup.reference_match(question.keys, passages, documents)),
                ("place", lookup.place_match(question, documents)),
                ("date", lookup.date_match(question, documents)),
            )
        ]
        fused: Scores = np.sum(parts, axis=0)
        return fused

    def _best_sentences(self, query: EncodedQuery, passages: Ids) -> tuple[Ids, Scores]:
        """Number and similarity of each passage's best sentence."""
        spans, sentences = self._passages, self._sentences
        counts = spans.last[passages] - spans.first[passages] + 1
        owners = np.repeat(np.arange(len(passages)), counts)
        starts = np.cumsum(counts) - counts
        numbers = np.arange(len(owners)) - np.repeat(starts - spans.first[passages], counts)
        similarity = query.sentence_similarities(self._vectors, numbers, sentences.document[numbers])
        quotable = np.where(sentences.heading[numbers], similarity - _HEADING_PENALTY, similarity)
        order = np.lexsort((numbers, -quotable, owners))
        first = order[starts] if len(order) else order
        return numbers[first], similarity[first]


def _with_highest_lexical(lexical: Scores, limit: int, allowed: Ids | None) -> Ids:
    """Numbers of the ``limit`` passages with the highest lexical score above 0, in no order."""
    scores = lexical if allowed is None else lexical[allowed]
    best = np.argpartition(-scores, limit - 1)[:limit] if limit < len(scores) else np.arange(len(scores))
    best = best[scores[best] > 0]
    return best if allowed is None else allowed[best]
