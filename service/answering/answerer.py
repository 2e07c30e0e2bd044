"""Extractive answering: scored sentences to verified statements, or a refusal with its reason.

Nothing here writes a sentence of its own. A statement is a slice of a stored text, and it is compared with
that text again before it is returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from indexer.arrays import Mask
from indexer.index.generation import Generation
from service.answering.answer import Answer, Citation, verified
from service.answering.aspect_counts import count_aspects
from service.answering.clauses import ClauseExtractor
from service.answering.constraints import HardConstraints
from service.answering.contradictions import find_contradictions
from service.answering.selection import SelectionMargins, select_statements
from service.deadline import within_time
from service.query.answer_type import asks_for_number, contains_number
from service.query.intent import is_list_question
from service.query.question import Question
from service.reranking.reranker import SearchPipeline
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.encoded_query import EncodedQuery
from service.retrieval.filters import Filters
from service.retrieval.hits import Hit
from service.retrieval.retriever import Retriever
from service.retrieval.sentences import SentenceReader
from service.scoring.candidates import SentenceCandidates
from service.scoring.confidence import Confidence, FeatureExtractor
from service.scoring.scorer import SentenceScorer


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Thresholds of what may become a statement."""

    #: By hand: hits whose sentences are candidates.
    hits_considered: int = 20
    #: By hand: a sentence is about the reference, or expresses the aspect, from this probability on.
    relevance_threshold: float = 0.5
    #: By hand: and from this share of the highest probability on.
    relative_relevance: float = 0.55
    #: By hand: how far the best sentence that gives the number asked for, or expresses the aspect, may lie
    #: below the best of all. One further below is about something else: on xquad, mlqa-dev and squad2-en none
    #: was right, and the reports have none. A number is compared by the scores without the cross-encoder,
    #: which may be wrong by more.
    score_margin: float = 0.06
    #: By hand: the same for the place and time of the question; reports of others have similar sentences.
    context_score_margin: float = 0.12
    #: By hand: most statements that are chosen; those beyond the requested number are only counted.
    max_statements: int = 50
    #: By hand, for time: unknown references for which known ones are suggested; few questions name more.
    references_compared: int = 10


class Answerer(Protocol):
    """Turns a question into an answer or a refusal."""

    def answer(self, question: Question, max_citations: int, filters: Filters | None = None) -> Answer: ...


@dataclass(frozen=True, slots=True)
class _Context:
    """A question with its encoding, references, missing places and filters."""

    question: Question
    query: EncodedQuery
    known_references: tuple[str, ...]
    unknown_references: tuple[str, ...]
    missing_places: tuple[str, ...]
    filters: Filters | None


@dataclass(frozen=True, slots=True)
class ExtractiveAnswerer:
    """Answers with sentences of one generation. Safe to use from several threads."""

    generation: Generation
    lookup: CorpusLookup
    reader: SentenceReader
    retriever: Retriever
    pipeline: SearchPipeline
    scorer: SentenceScorer
    features: FeatureExtractor
    confidence: Confidence
    constraints: HardConstraints
    clauses: ClauseExtractor
    tolerances: Tolerances
    margins: SelectionMargins

    def answer(self, question: Question, max_citations: int, filters: Filters | None = None) -> Answer:
        """Answer a question with at most ``max_citations`` statements.

        Raises:
            IndexDamagedError: a statement does not stand where the index says.
        """
        by_key = self.lookup.documents_by_key
        known = tuple(key for key in question.keys if key in by_key)
        unknown = tuple(key for key in question.keys if key not in by_key)
        if unknown and not known:
            # No document names the reference: the corpus does not answer, however near a text may be.
            compared = unknown[: self.tolerances.references_compared]
            near = (key for name in compared for key in self.lookup.key_index.nearest(name))
            suggestions = tuple(dict.fromkeys(near))
            return Answer(
                question, "unknown_reference", 0.0, suggestions=suggestions, unknown_references=unknown
            )
        names = self.constraints.missing_names(question)
        places = self.constraints.missing_places(question)
        all_places_missing = places and len(places) == len({mention.place for mention in question.places})
        if names or all_places_missing:
            missing = names + places
            return Answer(question, "no_evidence", 0.0, unknown_references=unknown, missing_names=missing)
        query = self.retriever.encode(question)
        hits = self.pipeline.search(query, self.tolerances.hits_considered, filters)
        context = _Context(question, query, known, unknown, places, filters)
        return self._compose(context, hits, max_citations)

    def _compose(self, context: _Context, hits: Sequence[Hit], max_citations: int) -> Answer:
        """Choose statements among the sentences of the hits, or say why there are none."""
        question, known, tolerances = context.question, context.known_references, self.tolerances
        scored = list(hits)
        if known:
            scored += self.retriever.rank_of_references(context.query, known, hits, context.filters)
        candidates = self.scorer.score(context.query, scored, known)
        features = self.features.extract(context.query, hits, candidates)
        probability = self.confidence.of_answer(features)
        candidates = self._within_constraints(question, candidates)
        refused = min(probability, self.confidence.threshold)
        about, expressing = self._relevant(question, candidates)
        if known and question.aspect and about.any() and not (about & expressing).any():
            return Answer(
                question,
                "aspect_not_found",
                refused,
                unknown_references=context.unknown_references,
                aspect_counts=count_aspects(
                    self.generation,
                    self.lookup,
                    self.constraints,
                    question,
                    known,
                    context.filters,
                    tolerances.relevance_threshold,
                ),
            )
        if not about.any() or probability < self.confidence.threshold:
            return Answer(question, "no_evidence", refused, unknown_references=context.unknown_references)
        margin = np.inf if known else tolerances.score_margin
        as_list = is_list_question(question) and _best_within_margin(
            candidates, about & expressing, about, margin
        )
        # For one fact it counts that a sentence expresses the aspect, but it decides nothing.
        chosen = select_statements(
            question,
            candidates,
            about & expressing if as_list else about,
            tolerances.max_statements,
            self.reader,
            as_list=as_list,
            margins=self.margins,
        )
        shown = chosen[:max_citations]
        if as_list:
            shown = _in_reading_order(shown, candidates)
        citations = self._cite(context, candidates, shown, probability)
        return Answer(
            question,
            "answered",
            probability,
            citations,
            unknown_references=context.unknown_references,
            missing_names=context.missing_places,
            conflicts=find_contradictions(citations, candidates, self.reader),
            as_list=as_list,
            not_shown=len(chosen) - len(shown) if as_list else 0,
        )

    def _within_constraints(self, question: Question, candidates: SentenceCandidates) -> SentenceCandidates:
        """The candidates that meet the hard constraints; none if these all lie far below the best of all."""
        best = float(candidates.retrieval_scores.max(initial=-np.inf))
        candidates = candidates.where(self.constraints.met_by(question, candidates.documents))
        margin = self.tolerances.context_score_margin
        asked = question.normalized_text
        if asks_for_number(asked):
            margin = self.tolerances.score_margin
            texts = (self.reader.text(int(number)) for number in within_time(candidates.numbers))
            candidates = candidates.where([contains_number(asked, text) for text in texts])
        if candidates.retrieval_scores.max(initial=-np.inf) < best - margin:
            return candidates.where(np.zeros(len(candidates), np.bool_))
        return candidates

    def _relevant(self, question: Question, candidates: SentenceCandidates) -> tuple[Mask, Mask]:
        """Flags of the rows that are about the reference, and of those that express the aspect."""
        tolerances, relevance = self.tolerances, candidates.reference_relevance
        expressing = candidates.aspect_probability >= tolerances.relevance_threshold
        # Where a sentence names the reference, one that merely stands in a report on it is not about it.
        highest = float(relevance[expressing].max(initial=0.0)) if question.aspect else 0.0
        threshold = max(tolerances.relevance_threshold, tolerances.relative_relevance * highest)
        return relevance >= threshold, expressing

    def _cite(
        self, context: _Context, candidates: SentenceCandidates, chosen: Sequence[int], probability: float
    ) -> tuple[Citation, ...]:
        """Citations of the chosen rows, numbered from 1."""
        best = float(candidates.scores[list(chosen)].max())
        citations = []
        for number, row in enumerate(within_time(chosen), start=1):
            sentence = int(candidates.numbers[row])
            document = self.reader.document(sentence)
            start, _ = self.reader.span(sentence)
            first, last = self._answering_clause(context, sentence)
            score = self.confidence.of_sentence(probability, best - float(candidates.scores[row]))
            quote = document.text[start + first : start + last]
            citations.append(Citation(number, document, start + first, start + last, quote, score))
        return verified(citations)

    def _answering_clause(self, context: _Context, sentence: int) -> tuple[int, int]:
        """``[start, end)`` within a sentence of what is quoted."""
        vector = context.query.rewritten_vectors[self.reader.document(sentence).language]
        return self.clauses.answering_span(
            self.reader.text(sentence), lambda vectors: vectors @ vector, context.question.aspect
        )


def _best_within_margin(candidates: SentenceCandidates, rows: Mask, among: Mask, margin: float) -> bool:
    """True if the best of the flagged rows lies no further below the best of ``among`` than ``margin``."""
    best = float(candidates.scores[rows].max(initial=-np.inf))
    return bool(rows.any()) and best >= float(candidates.scores[among].max()) - margin


def _in_reading_order(rows: Sequence[int], candidates: SentenceCandidates) -> list[int]:
    """Documents in the order of their first row, the rows of each in reading order."""
    rank: dict[int, int] = {}
    for row in rows:
        rank.setdefault(int(candidates.documents[row]), len(rank))
    return sorted(rows, key=lambda row: (rank[int(candidates.documents[row])], int(candidates.numbers[row])))
