"""What is measured, seen from outside: an index opened here, or a service reached over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eval.systems.instrumented_embedders import TimedEmbedder
from eval.systems.protocol import Cited, Found, Place, Reply
from eval.systems.rankings import RANKINGS, Ranking, reranked
from service.engine import Engine
from service.query.understanding import understand
from service.retrieval.encoded_query import Evidence
from service.retrieval.hits import Hit

#: Passages an ablation reorders: with fewer, the full ranking would decide what it gets to see.
ABLATION_DEPTH = 1000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that some evidence proposed, with the parts of its score."""

    document_id: str
    passage: float
    sentence: float
    lexical: float
    same_language: bool


class LocalSystem:
    """An engine in this process, ranked as it ranks, or by one part of its evidence alone.

    ``embedder`` is the engine's own, where it can be timed.
    """

    def __init__(
        self, engine: Engine, ranking: Ranking = "full", embedder: TimedEmbedder | None = None
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

    def search(self, text: str, limit: int) -> list[Found]:
        depth = limit if self._ranking == "full" else max(limit, ABLATION_DEPTH)
        _, hits = self._engine.search(text, depth)
        return self._best(hits, self._ranking, limit)

    def evidence(self, text: str) -> Evidence:
        """What the question is ranked by, worked out once for several rankings."""
        return self._engine.retriever.evidence(understand(text))

    def full(self, evidence: Evidence, limit: int) -> list[Found]:
        """The same as ``search`` of the full ranking."""
        return self._best(self._engine.retriever.search(evidence, limit), "full", limit)

    def ablated(self, evidence: Evidence, limit: int) -> dict[Ranking, list[Found]]:
        """The same as ``search`` of every other ranking, all from one list of candidates."""
        hits = self._engine.retriever.search(evidence, max(limit, ABLATION_DEPTH))
        return {ranking: self._best(hits, ranking, limit) for ranking in RANKINGS if ranking != "full"}

    def candidates(self, text: str, limit: int) -> list[Candidate]:
        """The passages that are ranked for a question, with what each kind of evidence says of them."""
        evidence, retriever = self.evidence(text), self._engine.retriever
        language, documents = retriever.catalogue.language, self._engine.generation.passages.document
        return [
            Candidate(
                self._ids[int(documents[hit.passage])],
                hit.passage_score,
                hit.sentence_score,
                hit.lexical_score,
                bool(language[hit.passage] == evidence.question.language),
            )
            for hit in retriever.search(evidence, limit)
        ]

    def ask(self, text: str) -> Reply:
        answer = self._engine.ask(text)
        cited = tuple(
            Cited(Place(c.document.document_id, c.start, c.end), c.quote)
            for c in sorted(answer.citations, key=lambda c: c.number)
        )
        return Reply(answer.status, answer.confidence, cited)

    def text(self, document_id: str) -> str | None:
        """A document's canonical text as the index holds it; ``None`` when it is not there."""
        store = self._engine.generation.store
        number = store.number_of(document_id)
        return None if number is None else store.document(number).text

    def _best(self, hits: list[Hit], ranking: Ranking, limit: int) -> list[Found]:
        return [self._found(hit, score) for hit, score in reranked(hits, ranking)[:limit]]

    def _found(self, hit: Hit, score: float) -> Found:
        generation = self._engine.generation
        spans, sentence = generation.sentences, hit.best_sentence
        document_id = self._ids[int(generation.passages.document[hit.passage])]
        best = Place(document_id, int(spans.start[sentence]), int(spans.end[sentence]))
        return Found(document_id, score, best)
