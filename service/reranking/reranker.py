"""Reranking: the first hits and the closest sentences, rescored by a cross-encoder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from indexer.arrays import Scores
from indexer.index.generation import Generation
from service.deadline import within_time
from service.reranking.cross_encoder import CrossEncoder, PairScore
from service.reranking.rerank_settings import CONFIDENT_LOG_ODDS, RerankSettings
from service.retrieval.encoded_query import EncodedQuery
from service.retrieval.filters import Filters
from service.retrieval.hits import Hit
from service.retrieval.retriever import Retriever
from service.retrieval.sentences import SentenceReader


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """The question and text of a hit for the cross-encoder, with its sentences and their spans in it."""

    question: str
    text: str
    sentences: range
    spans: list[tuple[int, int]]


class Reranker:
    """Rescores hits and sentences of a question. Holds no state of one; safe to use from several threads."""

    def __init__(
        self,
        cross_encoder: CrossEncoder,
        generation: Generation,
        sentences: SentenceReader,
        settings: RerankSettings | None = None,
    ) -> None:
        self.settings = settings or RerankSettings()
        self._cross_encoder = cross_encoder
        self._passages = generation.passages
        self._sentences = sentences

    def rerank(self, query: EncodedQuery, hits: Sequence[Hit]) -> list[Hit]:
        """All hits, the first ones scored and reordered; the others stay behind those."""
        settings = self.settings
        scored = self._scored(query, hits[: min(settings.first, settings.passages)])
        if len(scored) < 2 or scored[0].score < scored[1].score + settings.clear_lead:
            scored = _sorted([*scored, *self._scored(query, hits[len(scored) : settings.passages])])
        lowest = scored[-1].score if scored else 0.0
        return [*scored, *(replace(hit, score=min(hit.score, lowest)) for hit in hits[len(scored) :])]

    def rescore(self, query: EncodedQuery, sentences: Sequence[int]) -> Scores:
        """Additions to the scores of sentences, in units of cosine, shape ``(len(sentences),)``.

        Each is read with the one before it alone: in "Er bezeichnete die Reform als …", the sentence before
        often names the person. The two together may answer because of either, so the span counts too.
        """
        reader, settings = self._sentences, self.settings
        documents = [reader.document_number(number) for number in sentences]
        windows = [reader.window(number) for number in within_time(sentences)]
        scores = self._cross_encoder.score(
            [query.text_for(number) for number in documents],
            [text for text, _ in windows],
            [[(begin, len(text))] for text, begin in windows],
        )
        return np.array(
            [
                settings.window_weight * _clipped(score.relevance)
                + settings.window_span_weight * sum(map(_clipped, score.span_scores))
                for score in scores
            ],
            np.float32,
        )

    def _scored(self, query: EncodedQuery, hits: Sequence[Hit]) -> list[Hit]:
        """The hits with the cross-encoder's scores, best first."""
        excerpts = [self._excerpt(query, hit) for hit in within_time(hits)]
        scores = self._cross_encoder.score(
            [e.question for e in excerpts], [e.text for e in excerpts], [e.spans for e in excerpts]
        )
        return _sorted(map(self._with_score, hits, excerpts, scores))

    def _with_score(self, hit: Hit, excerpt: _Excerpt, pair: PairScore) -> Hit:
        span_scores = dict(zip(excerpt.sentences, pair.span_scores, strict=False))
        score = hit.score + self.settings.hit_weight * _clipped(pair.relevance)
        return replace(hit, score=score, relevance=pair.relevance, span_scores=span_scores)

    def _excerpt(self, query: EncodedQuery, hit: Hit) -> _Excerpt:
        """Sentences of a passage around its best one, and the question as its document is asked."""
        reader, best = self._sentences, hit.best_sentence
        first, last = int(self._passages.first[hit.passage]), int(self._passages.last[hit.passage])
        low = high = best
        while low > first or high < last:
            # The sentences before one often name whom it is about: they are taken first.
            extend_before = low > first and (low + high >= 2 * best or high == last)
            wider = (low - 1, high) if extend_before else (low, high + 1)
            if reader.span(wider[1])[1] - reader.span(wider[0])[0] > self.settings.characters:
                break
            low, high = wider
        numbers = range(low, high + 1)
        begin = reader.span(low)[0]
        spans = [(start - begin, end - begin) for start, end in map(reader.span, numbers)]
        text = reader.document(low).text[begin : begin + spans[-1][1]]
        question = query.text_for(int(self._passages.document[hit.passage]))
        return _Excerpt(question, text, numbers, spans)


class SearchPipeline:
    """Retrieval and then reranking, if there is a reranker. Safe to use from several threads."""

    def __init__(self, retriever: Retriever, reranker: Reranker | None = None) -> None:
        self._retriever = retriever
        self._reranker = reranker

    def search(self, query: EncodedQuery, limit: int, filters: Filters | None = None) -> list[Hit]:
        """The best ``limit`` passages, best first; fewer only where no more pass the filters."""
        if self._reranker is None:
            return self._retriever.search(query, limit, filters)
        hits = self._retriever.search(query, max(limit, self._reranker.settings.passages), filters)
        return self._reranker.rerank(query, hits)[:limit]


def _clipped(log_odds: float) -> float:
    return max(-CONFIDENT_LOG_ODDS, min(CONFIDENT_LOG_ODDS, log_odds))


def _sorted(hits: Iterable[Hit]) -> list[Hit]:
    # Equal scores are ordered by passage number: the same question gives the same list every time.
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage))
