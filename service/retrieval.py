"""From a question to one ranked list of passages.

Evidence of three kinds is gathered over one set of candidates: similarity of the passage, similarity of
its best sentence, and lexical overlap. The scores add up; ranks are never fused, because a list that is
bad for a question (words of another language) would then count as much as a good one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer import analyzer
from indexer.embedder import Embedder, Vectors
from indexer.index import Generation
from service.catalogue import Catalogue, Filters, Numbers, Scores
from service.query import Question
from service.topics import stems


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence adds to a passage's score, in units of cosine.

    ``lexical`` is the weight of BM25 as a share of the most the question could reach (0 to 1);
    ``reference`` is added when the passage names an act of the question, half of it when only its
    document does; ``place`` and ``date`` when the document is about a province of the question, or was
    published in a period it names.
    """

    passage: float
    sentence: float
    lexical: float
    reference: float = 0.06
    place: float = 0.03
    date: float = 0.02


#: Measured on the development sets: docs/quality.md. A question in the language of the documents may
#: trust its words; across languages only names, numbers and shared words match at all. The two cosines
#: weigh the same in sum on both sides: in a corpus of several languages neither side has a head start.
SAME_LANGUAGE = Weights(passage=1.0, sentence=1.3, lexical=0.2)
OTHER_LANGUAGE = Weights(passage=0.885, sentence=1.415, lexical=0.22)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score and the parts of it; ``passage`` and ``best_sentence`` are numbers."""

    passage: int
    score: float
    passage_score: float
    sentence_score: float
    lexical_score: float
    best_sentence: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A question as ranking sees it: vector, shape ``(dimension,)``, and lexical score of every passage."""

    question: Question
    vector: Vectors
    lexical: Scores


class Retriever:
    """Search over one generation. Holds no state of a question; safe to use from several threads."""

    #: How many passages each kind of evidence may propose.
    CANDIDATES = 200

    def __init__(self, generation: Generation, embedder: Embedder) -> None:
        generation.require_model(embedder.name, embedder.digest)
        self._generation = generation
        self._embedder = embedder
        self._catalogue = Catalogue.of(generation)

    @property
    def generation(self) -> Generation:
        return self._generation

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    def text(self, sentence: int) -> str:
        """A sentence as it stands in its document."""
        spans = self._generation.sentences
        document = self._generation.store.document(int(spans.document[sentence]))
        return document.text[int(spans.start[sentence]) : int(spans.end[sentence])]

    def stems(self, sentence: int) -> frozenset[str]:
        """Stems of a sentence's content words."""
        document = self._generation.store.document(int(self._generation.sentences.document[sentence]))
        return stems(self.text(sentence), document.language)

    def evidence(self, question: Question) -> Evidence:
        """What a question is compared with passages by, worked out once and used by search and answer."""
        return Evidence(question, self._embedder.embed_questions([question.text])[0], self._lexical(question))

    def search(self, evidence: Evidence, limit: int, filters: Filters | None = None) -> list[Hit]:
        """The best ``limit`` passages, best first; fewer only where no more pass the filters."""
        allowed = self._catalogue.passages_of(filters) if filters else None
        if (allowed is not None and len(allowed) == 0) or len(self._generation.passages) == 0:
            return []
        return self.rank(evidence, self._candidates(evidence, limit, allowed))[:limit]

    def _lexical(self, question: Question) -> Scores:
        """Lexical score of every passage: by stems in the question's language, else by what survives."""
        index, catalogue = self._generation.lexical, self._catalogue
        same = catalogue.language == question.language
        scores = np.zeros(len(same), np.float32)
        if same.any():
            terms = analyzer.question_terms(question.text, question.language)
            scores = np.where(same, index.scores(terms), scores)
        if not same.all():
            terms = analyzer.surviving_terms(question.text, question.language)
            scores = np.where(same, scores, index.scores(terms))
        return scores

    def _candidates(self, evidence: Evidence, limit: int, allowed: Numbers | None) -> Numbers:
        """Passages that any kind of evidence proposes, in order of their numbers."""
        vector, lexical = evidence.vector, evidence.lexical
        wanted = max(self.CANDIDATES, 2 * limit)
        sentences = None if allowed is None else self._catalogue.sentences_of(allowed)
        _, by_passage = self._generation.passage_vectors.search(vector, wanted, allowed)
        _, by_sentence = self._generation.sentence_vectors.search(vector, wanted, sentences)
        among = lexical if allowed is None else lexical[allowed]
        best = np.argpartition(-among, wanted - 1)[:wanted] if wanted < len(among) else np.arange(len(among))
        best = best[among[best] > 0]
        by_words = best if allowed is None else allowed[best]
        return np.unique(np.concatenate([by_passage, self._catalogue.passage_of[by_sentence], by_words]))

    def rank(self, evidence: Evidence, passages: Numbers) -> list[Hit]:
        """The given passages as hits, best first."""
        question, vector, lexical = evidence.question, evidence.vector, evidence.lexical
        spans, catalogue = self._generation.passages, self._catalogue
        similarity = self._generation.passage_vectors.similarities(vector, passages)
        best, best_similarity = self._best_sentences(vector, passages)
        same = catalogue.language[passages] == question.language
        weights = {True: SAME_LANGUAGE, False: OTHER_LANGUAGE}
        parts = [
            np.where(same, getattr(weights[True], name), getattr(weights[False], name)) * value
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
        order = np.lexsort((passages, -score))
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

    def _best_sentences(self, vector: Vectors, passages: Numbers) -> tuple[Numbers, Scores]:
        """Number and similarity of each passage's best sentence; a heading only where nothing else is."""
        spans, sentences = self._generation.passages, self._generation.sentences
        counts = spans.last[passages] - spans.first[passages] + 1
        owners = np.repeat(np.arange(len(passages)), counts)
        starts = np.cumsum(counts) - counts
        numbers = np.arange(len(owners)) - np.repeat(starts - spans.first[passages], counts)
        similarity = self._generation.sentence_vectors.similarities(vector, numbers)
        quotable = np.where(sentences.heading[numbers], similarity - 2.0, similarity)
        order = np.lexsort((numbers, -quotable, owners))
        first = order[starts] if len(order) else order
        return numbers[first], similarity[first]
