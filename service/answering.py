"""From hits to an answer: verbatim statements with the place of each, or a refusal that says why.

Nothing here writes a sentence of its own but the framing line. A statement is a slice of a stored text,
and it is compared with that text once more before it leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from indexer.embedder import Vectors
from indexer.references import nearest_keys
from service.answers import Answer, Citation, Status, verified
from service.catalogue import Filters, Numbers, Scores
from service.confidence import Confidence, Features
from service.evidence import Evidence
from service.query import Question
from service.retrieval import Hit, Retriever
from service.scope import Scope, asks_for_number, aspect_fit, has_number, in_setting

Mask = npt.NDArray[np.bool_]

#: Hits whose sentences are looked at.
_HITS = 20
#: Further passages looked at, best first, of documents that name an act asked for.
_ABOUT_HITS = 200
#: What a sentence gains, in units of cosine, when it is about the act, or tells the aspect, asked for.
_REFERENCE_WEIGHT = 0.10
_ASPECT_WEIGHT = 0.06
#: How much of a sentence's score its passage decides: a sentence is read in its context.
_PASSAGE_WEIGHT = 0.5
_LEXICAL_WEIGHT = 0.1
_PLACE_WEIGHT = 0.03
#: A sentence counts as being about the act asked for, or as telling the aspect, from here on.
_ABOUT = 0.5
#: How far below the best one a further statement may lie: a question for an aspect wants all of them.
_MARGIN = 0.012
_ASPECT_MARGIN = 0.08
#: Statements closer to each other than this say the same twice.
_DUPLICATE = 0.97


class Answerer(Protocol):
    """What the service asks of whatever makes answers out of a retriever's hits."""

    def answer(
        self, question: Question, retriever: Retriever, max_citations: int, filters: Filters | None = None
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Sentences that may become statements, one row each, all of shape ``(n,)`` but ``vectors``."""

    numbers: Numbers
    documents: Numbers
    similarity: Scores
    passage_similarity: Scores
    lexical: Scores
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.numbers)


class ExtractiveAnswerer:
    """Answers with sentences of the corpus, chosen by similarity, scope of the act, and aspect."""

    def __init__(self, confidence: Confidence) -> None:
        self._confidence = confidence

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
        evidence = retriever.evidence(question)
        hits = retriever.search(evidence, _HITS, filters)
        probability = self._confidence.of_answer(Features.of(evidence, hits, retriever))
        if unknown and not known:
            near = tuple(key for name in unknown for key in nearest_keys(name, catalogue.keys))
            # That the act is nowhere is certain, so the corpus does not answer, however near a text may be.
            suggestions = tuple(dict.fromkeys(near))
            return Answer(question, "unknown_reference", 0.0, suggestions=suggestions, unknown=unknown)
        candidates = self._candidates(evidence, retriever, hits, known, filters)
        candidates = _where(candidates, in_setting(question, candidates.documents, retriever))
        if asks_for_number(question.text):
            candidates = _where(candidates, [has_number(retriever.text(int(n))) for n in candidates.numbers])
        if len(candidates) == 0 or probability < self._confidence.threshold:
            return Answer(question, "no_evidence", min(probability, self._confidence.threshold))
        scope = Scope.of(known, retriever) if known else None
        scores, about, tells = self._score(question, retriever, candidates, scope)
        fitting = about & tells
        if not fitting.any() and known:
            status: Status = "aspect_not_found" if question.aspect and about.any() else "no_evidence"
            return Answer(question, status, min(probability, self._confidence.threshold), unknown=unknown)
        if not fitting.any():
            fitting = about
        chosen = self._choose(question, candidates, scores, fitting, max_citations)
        citations = self._cite(retriever, candidates, scores, chosen, probability)
        return Answer(question, "answered", probability, citations, unknown=unknown)

    def _candidates(
        self,
        evidence: Evidence,
        retriever: Retriever,
        hits: list[Hit],
        known: tuple[str, ...],
        filters: Filters | None,
    ) -> _Candidates:
        """Sentences of the hits, and of the documents that name an act asked for, headings excepted."""
        generation, catalogue = retriever.generation, retriever.catalogue
        if known:
            naming = np.concatenate([catalogue.documents_by_key[key] for key in known])
            about = np.flatnonzero(np.isin(catalogue.passage_document, naming))
            allowed = catalogue.passages_of(filters) if filters else None
            about = about if allowed is None else np.intersect1d(about, allowed)
            more = np.setdiff1d(about, [hit.passage for hit in hits])
            hits = [*hits, *retriever.rank(evidence, more)[:_ABOUT_HITS]]
        passages = {hit.passage: hit for hit in hits}
        numbers = catalogue.sentences_of(np.array(sorted(passages), np.int64))
        numbers = numbers[~generation.sentences.heading[numbers]]
        owners = catalogue.passage_of[numbers]
        vectors = generation.sentence_vectors.rows(numbers)
        return _Candidates(
            numbers,
            generation.sentences.document[numbers],
            retriever.similarities(
                evidence, retriever.sentences, numbers, generation.sentences.document[numbers]
            ),
            np.array([passages[int(p)].passage_score for p in owners], np.float32),
            np.array([passages[int(p)].lexical_score for p in owners], np.float32),
            vectors,
        )

    def _score(
        self, question: Question, retriever: Retriever, candidates: _Candidates, scope: Scope | None
    ) -> tuple[Scores, Mask, Mask]:
        """Score of each candidate, whether it is about the act asked for, whether it tells the aspect."""
        count = len(candidates)
        about = scope.fit(candidates.numbers) if scope else np.ones(count, np.float32)
        tells = (
            aspect_fit(question.aspect, candidates.numbers, retriever)
            if question.aspect
            else np.ones(count, np.float32)
        )
        score = (
            candidates.similarity
            + _PASSAGE_WEIGHT * candidates.passage_similarity
            + _LEXICAL_WEIGHT * candidates.lexical
            + _PLACE_WEIGHT * retriever.catalogue.place_fit(question, candidates.documents)
            + (_REFERENCE_WEIGHT * about if scope else 0)
            + (_ASPECT_WEIGHT * tells if question.aspect else 0)
        )
        return score.astype(np.float32), about >= _ABOUT, tells >= _ABOUT

    def _choose(
        self, question: Question, candidates: _Candidates, scores: Scores, fitting: Mask, limit: int
    ) -> list[int]:
        """Rows of the statements, best first, without near-duplicates.

        A question for an aspect of an act wants whatever fits, and the best of every report before the
        second of any. Other questions want what lies within the margin of the best.
        """
        order = [int(i) for i in np.argsort(-scores, kind="stable") if fitting[i]]
        if question.aspect and question.keys:
            margin, order = np.inf, self._reports_first(order, candidates)
        else:
            margin = _ASPECT_MARGIN if question.aspect else _MARGIN
        chosen: list[int] = []
        for row in order:
            if len(chosen) == limit or scores[row] < scores[order[0]] - margin:
                break
            likeness = candidates.vectors[chosen] @ candidates.vectors[row]
            if not chosen or float(likeness.max()) < _DUPLICATE:
                chosen.append(row)
        return chosen

    @staticmethod
    def _reports_first(order: list[int], candidates: _Candidates) -> list[int]:
        best: dict[int, int] = {}
        for row in order:
            best.setdefault(int(candidates.documents[row]), row)
        first = set(best.values())
        return [*best.values(), *(row for row in order if row not in first)]

    def _cite(
        self,
        retriever: Retriever,
        candidates: _Candidates,
        scores: Scores,
        chosen: list[int],
        probability: float,
    ) -> tuple[Citation, ...]:
        """Citations of the chosen rows: reports in order of their best statement, reading order within."""
        sentences = retriever.generation.sentences
        documents = [int(candidates.documents[row]) for row in chosen]
        rank = {document: i for i, document in reversed(list(enumerate(documents)))}
        ordered = sorted(
            zip(chosen, documents, strict=True),
            key=lambda pair: (rank[pair[1]], candidates.numbers[pair[0]]),
        )
        best = float(scores[chosen[0]])
        citations = []
        for number, (row, document_number) in enumerate(ordered, start=1):
            document = retriever.generation.store.document(document_number)
            sentence = candidates.numbers[row]
            start, end = int(sentences.start[sentence]), int(sentences.end[sentence])
            score = self._confidence.of_sentence(probability, best - float(scores[row]))
            citations.append(
                verified(Citation(number, document, start, end, document.text[start:end], score))
            )
        return tuple(citations)


def _where(candidates: _Candidates, keep: list[bool]) -> _Candidates:
    mask = np.array(keep, np.bool_)
    return _Candidates(
        candidates.numbers[mask],
        candidates.documents[mask],
        candidates.similarity[mask],
        candidates.passage_similarity[mask],
        candidates.lexical[mask],
        candidates.vectors[mask],
    )
