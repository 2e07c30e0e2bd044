"""An engine in this process as a measured system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eval.systems.instrumented_embedders import TimedEmbedder
from eval.systems.protocol import CitedSpan, DocumentSpan, RetrievedPassage, SystemReply
from eval.systems.rankings import FULL, RANKINGS, Ranking, rank_by
from service.engine import Engine
from service.query.understanding import understand
from service.retrieval.encoded_query import EncodedQuery
from service.retrieval.hits import Hit

#: Passages that an ablation reorders. With fewer, the full ranking would select its candidates.
ABLATION_DEPTH = 1000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate passage with the parts of its score."""

    document_id: str
    passage: float
    sentence: float
    lexical: float
    same_language: bool


class LocalSystem:
    """An engine with its full ranking, or with the ranking by one of its scores.

    Args:
        embedder: that of the engine, if its times are wanted.
    """

    def __init__(
        self, engine: Engine, ranking: Ranking = FULL, embedder: TimedEmbedder | None = None
    ) -> None:
        self._engine = engine
        self._ranking: Ranking = ranking
        self._embedder = embedder
        # By number: asking the store for each hit would read every document's text.
        self._ids = engine.generation.store.metadata().document_ids

    @property
    def facts(self) -> dict[str, Any]:
        """Model, generation and manifest, as a record names them."""
        generation = self._engine.generation
        model = generation.manifest.model
        return {
            "model": {"name": model["name"], "digest": model["digest"]},
            "generation": generation.name,
            "manifest": generation.name.rsplit("-", 1)[-1],
            "counts": generation.manifest.counts,
            "chunking": generation.manifest.chunking,
        }

    @property
    def encoding_ms(self) -> float | None:
        return self._embedder.milliseconds if self._embedder else None

    def search(self, text: str, limit: int) -> list[RetrievedPassage]:
        depth = limit if self._ranking == FULL else max(limit, ABLATION_DEPTH)
        _, hits = self._engine.search(text, depth)
        return self._best(hits, self._ranking, limit)

    def encode(self, text: str) -> EncodedQuery:
        """The encoded question, for several rankings of it."""
        return self._engine.retriever.encode(understand(text))

    def full(self, query: EncodedQuery, limit: int) -> list[RetrievedPassage]:
        """The passages of the full ranking, as ``search`` returns them."""
        return self._best(self._engine.pipeline.search(query, limit), FULL, limit)

    def ablated(self, query: EncodedQuery, limit: int) -> dict[Ranking, list[RetrievedPassage]]:
        """The passages of every other ranking, as ``search`` returns them, from one list of candidates."""
        hits = self._engine.pipeline.search(query, max(limit, ABLATION_DEPTH))
        return {ranking: self._best(hits, ranking, limit) for ranking in RANKINGS if ranking != FULL}

    def candidates(self, text: str, limit: int) -> list[Candidate]:
        """The candidate passages of a question with the parts of their scores."""
        query, lookup = self.encode(text), self._engine.lookup
        language, documents = lookup.language, self._engine.generation.passages.document
        return [
            Candidate(
                self._ids[int(documents[hit.passage])],
                hit.passage_score,
                hit.sentence_score,
                hit.lexical_score,
                bool(language[hit.passage] == query.question.language),
            )
            for hit in self._engine.pipeline.search(query, limit)
        ]

    def ask(self, text: str) -> SystemReply:
        answer = self._engine.ask(text)
        cited = tuple(
            CitedSpan(DocumentSpan(c.document.document_id, c.start, c.end), c.quote)
            for c in sorted(answer.citations, key=lambda c: c.number)
        )
        return SystemReply(answer.status, answer.confidence, cited)

    def text(self, document_id: str) -> str | None:
        """The canonical text of a document; ``None`` if the index has no such document."""
        store = self._engine.generation.store
        number = store.number_of(document_id)
        return None if number is None else store.document(number).text

    def _best(self, hits: list[Hit], ranking: Ranking, limit: int) -> list[RetrievedPassage]:
        return [self._retrieved(hit, score) for hit, score in rank_by(hits, ranking)[:limit]]

    def _retrieved(self, hit: Hit, score: float) -> RetrievedPassage:
        generation = self._engine.generation
        spans, sentence = generation.sentences, hit.best_sentence
        document_id = self._ids[int(generation.passages.document[hit.passage])]
        best = DocumentSpan(document_id, int(spans.start[sentence]), int(spans.end[sentence]))
        return RetrievedPassage(document_id, score, best)
