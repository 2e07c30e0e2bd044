"""Sentence scoring: sentences of the hits to scored candidates of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from indexer.arrays import Ids, Scores
from indexer.index.generation import Generation
from service.deadline import within_time
from service.query.answer_type import matches_answer_type
from service.query.intent import is_domain_question, is_list_question
from service.reranking.rerank_settings import CONFIDENT_LOG_ODDS
from service.reranking.reranker import Reranker
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.encoded_query import EncodedQuery
from service.retrieval.hits import Hit
from service.retrieval.multilingual_vectors import CorpusVectors
from service.retrieval.sentences import SentenceReader
from service.scoring import features
from service.scoring.candidates import SentenceCandidates
from service.scoring.diagonal_metric import DiagonalMetric


@dataclass(frozen=True, slots=True)
class SentenceWeights:
    """Weights of the features in the score of a sentence, in units of cosine."""

    #: By grid on xquad and mlqa-dev, ``python -m eval run --answers`` (docs/adr/0008): the learned metric,
    #: the cosine and the lexical score of the passage, the overlap of terms and of concepts.
    metric: float = 1.0
    passage: float = 0.45
    lexical: float = 0.15
    terms: float = 0.06
    concepts: float = 0.06
    #: By hand: the sentence is about the reference, expresses the aspect, its document is about the province,
    #: it gives what the question asks for.
    reference: float = 0.08
    aspect: float = 0.06
    place: float = 0.03
    answer_type: float = 0.03
    #: By hand, for time: best sentences whose words are compared with those of the question.
    sentences_compared: int = 15
    #: By hand, without a cross-encoder: best sentences that are embedded with the one before them, the margin
    #: behind the best within which they lie, and the weight of that similarity.
    rescored_sentences: int = 3
    rescored_margin: float = 0.012
    window: float = 0.7


@dataclass(frozen=True, slots=True)
class SentenceScorer:
    """Scores the sentences of hits. Holds no state of a question; safe to use from several threads."""

    generation: Generation
    lookup: CorpusLookup
    vectors: CorpusVectors
    reader: SentenceReader
    metric: DiagonalMetric | None
    reranker: Reranker | None
    weights: SentenceWeights

    def score(
        self, query: EncodedQuery, hits: Sequence[Hit], known_references: Sequence[str]
    ) -> SentenceCandidates:
        """The sentences of the hits but for headings, scored.

        Args:
            known_references: keys of the question's references that the corpus names.
        """
        by_passage = {hit.passage: hit for hit in hits}
        numbers = self.lookup.sentences_of(np.array(sorted(by_passage), np.int64))
        numbers = numbers[~self.generation.sentences.heading[numbers]]
        candidates = self._candidates(query, numbers, by_passage, known_references)
        if is_list_question(query.question):
            return candidates
        if self.reranker:
            return self._with_cross_encoder(query, candidates, by_passage, self.reranker)
        return self._with_windows(query, candidates)

    def _candidates(
        self,
        query: EncodedQuery,
        numbers: Ids,
        by_passage: Mapping[int, Hit],
        known_references: Sequence[str],
    ) -> SentenceCandidates:
        """Candidates scored by all features but the cross-encoder."""
        generation, weights, question = self.generation, self.weights, query.question
        documents = generation.sentences.document[numbers]
        vectors = generation.sentence_vectors.rows(numbers)
        ones = np.ones(len(numbers), np.float32)
        about, expresses = ones, ones
        if known_references:
            about = features.reference_relevance(
                known_references, numbers, documents, self.lookup, generation.attribution
            )
        if question.aspect:
            expresses = features.aspect_probability(question.aspect, numbers, generation.aspects)
        similarity = query.sentence_similarities(self.vectors, numbers, documents)
        languages = self.vectors.sentences.languages[numbers]
        if self.metric:
            similarity += weights.metric * features.metric_bonus(
                query, self.metric, generation.alignment, languages, vectors
            )
        owners = [by_passage[int(passage)] for passage in self.lookup.passage_of[numbers]]
        score = (
            similarity
            + weights.passage * np.array([hit.passage_score for hit in owners], np.float32)
            + weights.lexical * np.array([hit.lexical_score for hit in owners], np.float32)
            + weights.place * self.lookup.place_match(question, documents)
            + (weights.reference * about if known_references else 0)
            + (weights.aspect * expresses if question.aspect else 0)
        )
        overlap = self._add_overlaps(query, numbers, score)
        score = score.astype(np.float32)
        return SentenceCandidates(
            numbers, documents, vectors, about, expresses, similarity, overlap, score, score
        )

    def _add_overlaps(self, query: EncodedQuery, numbers: Ids, score: Scores) -> Scores:
        """Add answer type, terms and concepts to the scores of the best rows; the overlap of terms."""
        question, weights, reader = query.question, self.weights, self.reader
        # Within a report of one province its name says nothing: compared is what is asked beyond it.
        text = query.rewritten_text
        best = np.argsort(-score, kind="stable")[: weights.sentences_compared]
        asked = question.normalized_text
        matches = [matches_answer_type(asked, reader.text(int(n))) for n in within_time(numbers[best])]
        score[best] += weights.answer_type * np.array(matches)
        overlap = np.zeros(len(numbers), np.float32)
        overlap[best] = features.term_overlap(
            text, question.language, numbers[best], reader, self.lookup, self.generation.lexical
        )
        score += weights.terms * overlap
        same_language = self.vectors.sentences.languages[numbers[best]] == question.language
        if is_domain_question(question) or same_language.any():
            score[best] += weights.concepts * features.concept_overlap(
                text, question.language, numbers[best], reader
            )
        return overlap

    def _with_cross_encoder(
        self,
        query: EncodedQuery,
        candidates: SentenceCandidates,
        by_passage: Mapping[int, Hit],
        reranker: Reranker,
    ) -> SentenceCandidates:
        """The candidates with the cross-encoder's scores; the best few are rescored if they lie close."""
        settings = reranker.settings
        owners = self.lookup.passage_of[candidates.numbers].tolist()
        relevance, spans = _pair_scores(candidates.numbers, [by_passage[passage] for passage in owners])
        scores = (
            candidates.retrieval_scores + settings.passage_weight * relevance + settings.span_weight * spans
        )
        close = _within_margin(scores, settings.sentences, settings.sentence_margin)
        if len(close) >= 2:
            added = reranker.rescore(query, candidates.numbers[close].tolist())
            scores = _with_rescored(scores, close, scores[close] + added)
        return replace(candidates, scores=scores)

    def _with_windows(self, query: EncodedQuery, candidates: SentenceCandidates) -> SentenceCandidates:
        """The candidates with the best few compared again with the sentence before them, if they lie close.

        "Er bezeichnete die Reform als …": the sentence before often names whom one is about. Only across
        languages: a question in the text's own language finds such a sentence by its words.
        """
        weights, scores = self.weights, candidates.scores
        close = _within_margin(scores, weights.rescored_sentences, weights.rescored_margin)
        languages = self.vectors.sentences.languages[candidates.numbers[close]]
        if len(close) < 2 or query.question.language in languages:
            return candidates
        vectors = self.reader.embed_windows(candidates.numbers[close].tolist())
        rescored = [
            float(scores[row]) + weights.window * float(vector @ query.rewritten_vectors[language])
            for row, vector, language in zip(close.tolist(), vectors, languages.tolist(), strict=True)
        ]
        return replace(candidates, scores=_with_rescored(scores, close, np.array(rescored, np.float32)))


def _within_margin(scores: Scores, count: int, margin: float) -> Ids:
    """The best ``count`` rows that lie within ``margin`` of the best, best first."""
    order = np.argsort(-scores, kind="stable")[:count]
    return order[scores[order] >= scores[order[:1]] - margin] if len(order) else order


def _with_rescored(scores: Scores, rows: Ids, rescored: Scores) -> Scores:
    """All scores with new ones for some rows; the others are shifted, to keep their distance to these."""
    shifted = scores + (float(rescored.min()) - float(scores[rows].min()))
    shifted[rows] = rescored
    return shifted


def _pair_scores(numbers: Ids, owners: Sequence[Hit]) -> tuple[Scores, Scores]:
    """Relevance of each sentence's passage and span score of the sentence, by the cross-encoder."""
    relevance = [np.nan if hit.relevance is None else hit.relevance for hit in owners]
    spans = [
        hit.span_scores.get(number, np.nan) for number, hit in zip(numbers.tolist(), owners, strict=True)
    ]
    return _impute_lowest(relevance), _impute_lowest(spans)


def _impute_lowest(values: Sequence[float]) -> Scores:
    """The values clipped, the lowest of them where one is missing."""
    known = np.clip(np.array(values, np.float32), -CONFIDENT_LOG_ODDS, CONFIDENT_LOG_ODDS)
    lowest = np.nanmin(known) if np.isfinite(known).any() else np.float32(0)
    return np.where(np.isnan(known), lowest, known).astype(np.float32)
