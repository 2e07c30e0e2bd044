"""From hits to an answer: verbatim statements with the place of each, or a refusal that says why.

Nothing here writes a sentence of its own. A statement is a slice of a stored text, and it is compared with
that text once more before it leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from indexer.annotation.aspects import ASPECTS, Aspect
from indexer.arrays import Mask
from indexer.entities.references import nearest_keys
from service.answering.answer import Answer, Citation, verified
from service.answering.clauses import Clauses
from service.answering.constraints import absent, in_setting, unnamed
from service.answering.contradictions import conflicts
from service.answering.selection import select
from service.query.answer_type import asks_for_number, gives_number
from service.query.intent import collects
from service.query.question import Question
from service.retrieval.encoded_query import Evidence
from service.retrieval.filters import Filters
from service.retrieval.hits import Hit
from service.retrieval.retriever import Retriever
from service.scoring.candidates import Candidates
from service.scoring.confidence import Confidence, Features
from service.scoring.features import about_acts

#: Hits whose sentences are looked at.
_HITS = 20
#: A sentence counts as being about the act asked for, or as telling the aspect, from here on.
_ABOUT = 0.5
#: And from this share of the surest one on.
_AS_SURE = 0.55


#: How far below the best sentence of all the best one may lie that gives the figure asked for or tells the
#: aspect; and one of the place and time asked about, beside which others are alike. Further below, what is
#: left is of another matter: on xquad, mlqa-dev and squad2-en none such was right, and on the reports there
#: is none. By all but the reader, which may be mistaken by more.
_REACH, _REACH_OF_SETTING = 0.06, 0.12
#: Statements that are counted, also where fewer are shown.
_MOST = 50


class Answerer(Protocol):
    """What the service asks of whatever makes answers out of a retriever's hits."""

    def answer(
        self, question: Question, retriever: Retriever, max_citations: int, filters: Filters | None = None
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with what is known of it so far: its acts that documents name, its acts and its
    provinces that none does."""

    question: Question
    evidence: Evidence
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    unnamed: tuple[str, ...]
    hits: list[Hit]


class ExtractiveAnswerer:
    """Answers with sentences of the corpus, chosen by likeness, act, aspect, and kind of thing asked for."""

    def __init__(self, confidence: Confidence) -> None:
        self._confidence = confidence
        self._clauses: Clauses | None = None

    def answer(
        self, question: Question, retriever: Retriever, max_citations: int, filters: Filters | None = None
    ) -> Answer:
        """Answer a question with at most ``max_citations`` statements.

        Raises:
            IndexDamagedError: a statement does not stand where the index says.
        """
        catalogue = retriever.catalogue
        known = tuple(key for key in question.keys if key in catalogue.documents_by_key)
        unknown = tuple(key for key in question.keys if key not in catalogue.documents_by_key)
        if unknown and not known:
            near = tuple(key for name in unknown for key in nearest_keys(name, catalogue.keys))
            # That the act is nowhere is certain, so the corpus does not answer, however near a text may be.
            suggestions = tuple(dict.fromkeys(near))
            return Answer(question, "unknown_reference", 0.0, suggestions=suggestions, unknown=unknown)
        strangers, elsewhere = unnamed(question, retriever), absent(question, retriever)
        if strangers or (elsewhere and len(elsewhere) == len({mention.place for mention in question.places})):
            return Answer(question, "no_evidence", 0.0, unknown=unknown, unnamed=strangers + elsewhere)
        evidence = retriever.evidence(question)
        hits = retriever.search(evidence, _HITS, filters)
        asked = _Asked(question, evidence, known, unknown, elsewhere, hits)
        return self._from(asked, retriever, max_citations, filters)

    def _from(
        self, asked: _Asked, retriever: Retriever, max_citations: int, filters: Filters | None
    ) -> Answer:
        question, known = asked.question, asked.known
        found = Candidates.of(asked.evidence, retriever, asked.hits, known, filters)
        features = Features.of(asked.evidence, asked.hits, found, retriever)
        probability = self._confidence.of_answer(features)
        best = float(found.unread.max(initial=-np.inf))
        found = found.where(in_setting(question, found.documents, retriever))
        reach = _REACH_OF_SETTING
        if asks_for_number(question.read):
            found = found.where([gives_number(question.read, retriever.text(int(n))) for n in found.numbers])
            reach = _REACH
        if found.unread.max(initial=-np.inf) < best - reach:
            found = found.where(np.zeros(len(found), np.bool_))
        refused = min(probability, self._confidence.threshold)
        tells = found.tells >= _ABOUT
        # Where a sentence names the act, one that merely stands in a report on it is not about it.
        surest = float(found.about[tells].max(initial=0.0)) if question.aspect else 0.0
        about = found.about >= max(_ABOUT, _AS_SURE * surest)
        fitting = about & tells
        if known and question.aspect and about.any() and not fitting.any():
            told = _told(asked, retriever, filters)
            return Answer(question, "aspect_not_found", refused, unknown=asked.unknown, told=told)
        if not about.any() or probability < self._confidence.threshold:
            return Answer(question, "no_evidence", refused, unknown=asked.unknown)
        collected = collects(question) and _near(found, fitting, about, _REACH if not known else np.inf)
        if not collected:
            # One fact is asked for: that it tells the aspect speaks for a sentence, and decides nothing.
            fitting = about
        chosen = select(question, found, fitting, _MOST, retriever, collected=collected)
        more, chosen = max(0, len(chosen) - max_citations), chosen[:max_citations]
        if collected:
            chosen = _in_reading_order(chosen, found)
        citations = self._cite(asked, retriever, found, chosen, probability)
        return Answer(
            question,
            "answered",
            probability,
            citations,
            unknown=asked.unknown,
            unnamed=asked.unnamed,
            conflicts=conflicts(citations, found, retriever),
            collected=collected,
            more=more if collected else 0,
        )

    def _cite(
        self, asked: _Asked, retriever: Retriever, found: Candidates, chosen: list[int], probability: float
    ) -> tuple[Citation, ...]:
        """Citations of the chosen rows, numbered from 1."""
        sentences = retriever.generation.sentences
        best = float(found.scores[chosen].max())
        citations = []
        for number, row in enumerate(chosen, start=1):
            document = retriever.generation.store.document(int(found.documents[row]))
            sentence = int(found.numbers[row])
            start, end = int(sentences.start[sentence]), int(sentences.end[sentence])
            first, last = self._cut(asked, retriever, sentence)
            end, start = start + last, start + first
            score = self._confidence.of_sentence(probability, best - float(found.scores[row]))
            citations.append(
                verified(Citation(number, document, start, end, document.text[start:end], score))
            )
        return tuple(citations)

    def _cut(self, asked: _Asked, retriever: Retriever, sentence: int) -> tuple[int, int]:
        if self._clauses is None:
            self._clauses = Clauses(retriever.embed_passages)
        document = int(retriever.generation.sentences.document[sentence])
        question = asked.evidence.without_setting[retriever.generation.store.document(document).language]
        return self._clauses.answering(
            retriever.text(sentence), lambda vectors: vectors @ question, asked.question.aspect
        )


def _near(found: Candidates, fitting: Mask, about: Mask, reach: float) -> bool:
    """Whether the best fitting row lies no further below the best one than ``reach``."""
    best = float(found.scores[fitting].max(initial=-np.inf))
    return bool(fitting.any()) and best >= float(found.scores[about].max()) - reach


def _in_reading_order(rows: list[int], found: Candidates) -> list[int]:
    """Reports in the order of their first row, the rows of each as they are read."""
    rank: dict[int, int] = {}
    for row in rows:
        rank.setdefault(int(found.documents[row]), len(rank))
    return sorted(rows, key=lambda row: (rank[int(found.documents[row])], int(found.numbers[row])))


def _told(asked: _Asked, retriever: Retriever, filters: Filters | None) -> dict[Aspect, int]:
    """How many sentences about the acts tell each other aspect, most first; those that none tells left out.

    Only of documents that may answer: those that pass the filters, of the province and time asked about.
    """
    generation, catalogue, question = retriever.generation, retriever.catalogue, asked.question
    numbers = np.unique(
        np.concatenate([generation.attribution.sentences_of_reference(key)[0] for key in asked.known])
    )
    allowed = catalogue.passages_of(filters) if filters else None
    if allowed is not None:
        numbers = numbers[np.isin(catalogue.passage_of[numbers], allowed)]
    about = about_acts(asked.known, numbers, retriever) >= _ABOUT
    numbers = numbers[about & ~generation.sentences.heading[numbers]]
    numbers = numbers[in_setting(question, generation.sentences.document[numbers], retriever)]
    counts = (generation.aspects[numbers] >= _ABOUT).sum(axis=0)
    ordered = sorted(zip(ASPECTS, counts.tolist(), strict=True), key=lambda pair: -pair[1])
    return {aspect: count for aspect, count in ordered if count and aspect != question.aspect}
