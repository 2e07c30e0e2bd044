"""From a question to one ranked list of passages.

Evidence of three kinds is gathered over one set of candidates: similarity of the passage, similarity of
its best sentence, and lexical overlap. The scores add up; ranks are never fused, because a list that is
bad for a question (words of another language) would then count as much as a good one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from indexer.analysis import analyzer
from indexer.analysis import concepts as glossary
from indexer.arrays import Ids, Scores, Vectors
from indexer.embedding.embedder import Embedder
from indexer.index.generation import Generation
from indexer.remembering import remembering
from service.query.question import Question
from service.reranking.reranker import PassageReading
from service.retrieval.context_match import Setting
from service.retrieval.corpus_lookup import Catalogue
from service.retrieval.encoded_query import Evidence
from service.retrieval.filters import Filters
from service.retrieval.fusion_weights import WeightsByLanguage
from service.retrieval.hits import Hit
from service.retrieval.multilingual_vectors import Space
from service.retrieval.sentences import _STEMMED, _WRITTEN

#: Where a document fits the question's setting: share of the similarity to the question without it. Not
#: all of it, because between sentences alike the name and date of the question still tell.
_BARE = 0.85


class Retriever:
    """Search over one generation. Holds no state of a question; safe to use from several threads."""

    #: How many passages each kind of evidence may propose.
    CANDIDATES = 200

    def __init__(
        self, generation: Generation, embedder: Embedder, reading: PassageReading | None = None
    ) -> None:
        generation.require_model(embedder.name, embedder.digest)
        self._generation = generation
        self._reading = reading
        self._embedder = embedder
        self._catalogue = Catalogue.of(generation)
        self._stems = remembering(self._stems_of, _STEMMED)
        self._concepts = remembering(self._concepts_of, _STEMMED)
        self._written = remembering(self._written_in, _WRITTEN)
        self._windows: dict[int, Vectors] = {}
        language = self._catalogue.language
        self.passages = Space.of("passages", generation.passage_vectors, language)
        self.sentences = Space.of(
            "sentences", generation.sentence_vectors, language[self._catalogue.passage_of]
        )

    @property
    def generation(self) -> Generation:
        return self._generation

    @property
    def reading(self) -> PassageReading | None:
        """How the first hits are read; ``None`` where there is no reader."""
        return self._reading

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    def text(self, sentence: int) -> str:
        """A sentence as it stands in its document."""
        spans = self._generation.sentences
        document = self._generation.store.document(int(spans.document[sentence]))
        return document.text[int(spans.start[sentence]) : int(spans.end[sentence])]

    def stems(self, sentence: int) -> frozenset[str]:
        """Stems of a sentence's content words, and the keys of the acts it names."""
        return self._stems(int(sentence))

    def _stems_of(self, sentence: int) -> frozenset[str]:
        document = self._generation.store.document(int(self._generation.sentences.document[sentence]))
        return frozenset(analyzer.question_terms(self.text(sentence), document.language))

    def concepts(self, sentence: int) -> frozenset[str]:
        """Concepts of the glossary that a sentence speaks of."""
        return self._concepts(int(sentence))

    def _concepts_of(self, sentence: int) -> frozenset[str]:
        document = self._generation.store.document(int(self._generation.sentences.document[sentence]))
        return glossary.find_concepts(self.text(sentence), document.language)

    def written(self, document: int) -> frozenset[str]:
        """Written terms of a document, its title and its place."""
        return self._written(int(document))

    def _written_in(self, number: int) -> frozenset[str]:
        document = self._generation.store.document(number)
        context = f"{document.title} {document.place or ''} {document.text}"
        return frozenset(analyzer.surface_terms(context))

    def embed_windows(self, sentences: Sequence[int]) -> Vectors:
        """Unit vectors of sentences, each read with the one before it in its passage; what was read is kept.

        Shape ``(len(sentences), dimension)``; at least one sentence.
        """
        known = {n: vector for n in sentences if (vector := self._windows.get(n)) is not None}
        missing = [number for number in sentences if number not in known]
        if missing:
            texts = [self.window(number)[0] for number in missing]
            known.update(zip(missing, self._embedder.embed_passages(texts), strict=True))
            if len(self._windows) > _STEMMED:
                self._windows.clear()
            self._windows.update(known)
        return np.stack([known[number] for number in sentences])

    def window(self, sentence: int) -> tuple[str, int]:
        """A sentence with the one before it in its passage, as both stand in their document, and where it
        begins in that."""
        spans, first = self._generation.sentences, self._catalogue.first_sentence
        begin = max(sentence - 1, int(first[self._catalogue.passage_of[sentence]]))
        document = self._generation.store.document(int(spans.document[sentence]))
        start = int(spans.start[begin])
        return document.text[start : int(spans.end[sentence])], int(spans.start[sentence]) - start

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of texts that are no sentences of the index, shape ``(len(texts), dimension)``."""
        return self._embedder.embed_passages(texts)

    def evidence(self, question: Question) -> Evidence:
        """What a question is compared with passages by, worked out once and used by search and answer."""
        evidence = Evidence.of(question, self._generation, self._catalogue, self._embedder)
        if evidence.setting is None:
            return evidence
        passages = self._fitting(evidence.setting)
        lifts = {}
        for space, rows in (
            (self.passages, passages),
            (self.sentences, self._catalogue.sentences_of(passages)),
        ):
            whole, _ = space.nearest(evidence.vectors, 1, rows)
            bare, _ = space.nearest(evidence.without_setting, 1, rows)
            lifts[space.name] = max(0.0, float(whole.max(initial=0.0) - bare.max(initial=0.0)))
        return replace(evidence, lifts=lifts)

    def _fitting(self, setting: Setting) -> Ids:
        """Passages of the documents that fit a setting."""
        return np.flatnonzero(setting.documents[self._catalogue.passage_document])

    def similarities(self, evidence: Evidence, space: Space, rows: Ids, documents: Ids) -> Scores:
        """Cosine of the question and each row of a space, passages or sentences, whose documents are given.

        Where the document fits the question's setting, mostly that of the question without it.
        """
        similarity = space.similarities(evidence.vectors, rows)
        if evidence.setting:
            fits = np.flatnonzero(evidence.setting.documents[documents])
            bare = space.similarities(evidence.without_setting, rows[fits])
            bare += evidence.lifts[space.name]
            similarity[fits] = (1 - _BARE) * similarity[fits] + _BARE * bare
        return similarity

    def search(self, evidence: Evidence, limit: int, filters: Filters | None = None) -> list[Hit]:
        """The best ``limit`` passages, best first; fewer only where no more pass the filters."""
        allowed = self._catalogue.passages_of(filters) if filters else None
        if (allowed is not None and len(allowed) == 0) or len(self._generation.passages) == 0:
            return []
        candidates = self._candidates(evidence, limit, allowed)
        if self._reading is None:
            return self.rank(evidence, candidates, limit)
        hits = self.rank(evidence, candidates, max(limit, self._reading.plan.passages))
        return self._reading.ordered(evidence, hits, self)[:limit]

    def _candidates(self, evidence: Evidence, limit: int, allowed: Ids | None) -> Ids:
        """Passages that any kind of evidence proposes, in order of their numbers."""
        lexical = evidence.lexical
        wanted = max(self.CANDIDATES, 2 * limit)
        sentences = None if allowed is None else self._catalogue.sentences_of(allowed)
        _, by_passage = self.passages.nearest(evidence.vectors, wanted, allowed)
        _, by_sentence = self.sentences.nearest(evidence.vectors, wanted, sentences)
        among = lexical if allowed is None else lexical[allowed]
        best = np.argpartition(-among, wanted - 1)[:wanted] if wanted < len(among) else np.arange(len(among))
        best = best[among[best] > 0]
        by_words = best if allowed is None else allowed[best]
        proposed = [by_passage, self._catalogue.passage_of[by_sentence], by_words]
        if evidence.setting:
            fits = self._fitting(evidence.setting)
            fits = fits if allowed is None else np.intersect1d(fits, allowed)
            sentences = self._catalogue.sentences_of(fits)
            _, by_passage = self.passages.nearest(evidence.without_setting, wanted, fits)
            _, by_sentence = self.sentences.nearest(evidence.without_setting, wanted, sentences)
            proposed += [by_passage, self._catalogue.passage_of[by_sentence]]
        return np.unique(np.concatenate(proposed))

    def rank(self, evidence: Evidence, passages: Ids, limit: int) -> list[Hit]:
        """The best ``limit`` of the given passages as hits, best first."""
        question, lexical = evidence.question, evidence.lexical
        spans, catalogue = self._generation.passages, self._catalogue
        similarity = self.similarities(evidence, self.passages, passages, spans.document[passages])
        best, best_similarity = self._best_sentences(evidence, passages)
        same = catalogue.language[passages] == question.language
        weights = WeightsByLanguage.load()
        parts = [
            np.where(same, getattr(weights.same, name), getattr(weights.other, name)) * value
            for name, value in (
                ("passage", similarity),
                ("sentence", best_similarity),
                ("lexical", lexical[passages]),
                ("reference", catalogue.reference_fit(question.keys, passages, spans.document[passages])),
                ("place", catalogue.place_fit(question, spans.document[passages])),
                ("date", catalogue.date_fit(question, spans.document[passages])),
            )
        ]
        score = np.sum(parts, axis=0)
        # Equal scores are ordered by passage number: the same question gives the same list every time.
        order = np.lexsort((passages, -score))[:limit]
        return [
            Hit(
                passage=int(passages[i]),
                score=float(score[i]),
                passage_score=float(similarity[i]),
                sentence_score=float(best_similarity[i]),
                lexical_score=float(lexical[passages[i]]),
                best_sentence=int(best[i]),
            )
            for i in order
        ]

    def _best_sentences(self, evidence: Evidence, passages: Ids) -> tuple[Ids, Scores]:
        """Number and similarity of each passage's best sentence; a heading only where nothing else is."""
        spans, sentences = self._generation.passages, self._generation.sentences
        counts = spans.last[passages] - spans.first[passages] + 1
        owners = np.repeat(np.arange(len(passages)), counts)
        starts = np.cumsum(counts) - counts
        numbers = np.arange(len(owners)) - np.repeat(starts - spans.first[passages], counts)
        similarity = self.similarities(evidence, self.sentences, numbers, sentences.document[numbers])
        quotable = np.where(sentences.heading[numbers], similarity - 2.0, similarity)
        order = np.lexsort((numbers, -quotable, owners))
        first = order[starts] if len(order) else order
        return numbers[first], similarity[first]
