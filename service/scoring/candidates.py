"""The sentences an answer may be made of, and all that speaks for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from indexer.arrays import Ids, Mask, Scores, Vectors
from service.query.answer_type import suits
from service.query.intent import collects, speaks_of_reports
from service.reranking.reranker import SURE, PassageReading
from service.retrieval.encoded_query import Evidence
from service.retrieval.filters import Filters
from service.retrieval.hits import Hit
from service.retrieval.retriever import Retriever
from service.scoring.features import about_acts, concepts_shared, gained, told, words_used
from service.scoring.scorer import (
    _ACT,
    _ASPECT,
    _CONCEPTS,
    _KIND,
    _LEXICAL,
    _METRIC,
    _PASSAGE,
    _PLACE,
    _WORDS,
)

#: Further passages looked at, best first, of documents that name an act asked for.
_ABOUT_HITS = 200
#: So many of the best sentences are read with the one before them, where they lie no further apart than
#: this; and what that adds.
_CLOSEST, _CLOSE, _WINDOW = 3, 0.012, 0.7
#: Sentences, best first, whose words are compared with the question's.
_READ = 15


@dataclass(frozen=True, slots=True)
class Candidates:
    """Sentences that may become statements, one row each, all of shape ``(n,)`` but ``vectors``.

    ``numbers``: of the sentence, ``documents``: of its document. ``about``: how surely it is about an act
    asked for; ``tells``: how surely it tells the aspect; both 1 where the question names none. ``likeness``:
    how much it answers by its vector alone; ``words``: share of the question's words that it or the sentence
    before uses, of the best sentences; ``vectors``: of shape ``(n, dimension)``. ``read``: log-odds by the
    reader that its passage answers, ``gains``: that the answer stands in this sentence; as low as the lowest
    where nothing was read. ``scores``: all of it together, ``unread``: all but what the reader said.
    """

    numbers: Ids
    documents: Ids
    vectors: Vectors
    about: Scores
    tells: Scores
    likeness: Scores
    words: Scores
    read: Scores
    gains: Scores
    unread: Scores
    scores: Scores

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, keep: Sequence[bool] | Mask) -> Candidates:
        """The rows to keep."""
        mask = np.asarray(keep, np.bool_)
        return Candidates(*(getattr(self, field.name)[mask] for field in fields(self)))

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        retriever: Retriever,
        hits: Sequence[Hit],
        known: Sequence[str],
        filters: Filters | None,
    ) -> Candidates:
        """Sentences of the hits, and of the documents that name an act asked for, headings excepted."""
        generation, catalogue = retriever.generation, retriever.catalogue
        passages = {hit.passage: hit for hit in _with_acts(evidence, retriever, hits, known, filters)}
        numbers = catalogue.sentences_of(np.array(sorted(passages), np.int64))
        numbers = numbers[~generation.sentences.heading[numbers]]
        documents = generation.sentences.document[numbers]
        question = evidence.question
        ones = np.ones(len(numbers), np.float32)
        owners = catalogue.passage_of[numbers]
        read, gains = _said(numbers, owners, passages)
        found = cls(
            numbers,
            documents,
            generation.sentence_vectors.rows(numbers),
            about_acts(known, numbers, retriever) if known else ones,
            told(question, numbers, retriever) if question.aspect else ones,
            ones,
            np.zeros(len(numbers), np.float32),
            read,
            gains,
            ones,
            ones,
        )
        likeness = retriever.similarities(evidence, retriever.sentences, numbers, documents)
        likeness += _METRIC * gained(evidence, numbers, found.vectors, retriever)
        score = (
            likeness
            + _PASSAGE * np.array([passages[int(p)].passage_score for p in owners], np.float32)
            + _LEXICAL * np.array([passages[int(p)].lexical_score for p in owners], np.float32)
            + _PLACE * catalogue.place_fit(question, documents)
            + (_ACT * found.about if known else 0)
            + (_ASPECT * found.tells if question.aspect else 0)
        )
        # Within the report of a province its name tells nothing: only what is asked beyond it.
        text = evidence.setting.question if evidence.setting else question.read
        best = np.argsort(-score, kind="stable")[:_READ]
        score[best] += _KIND * np.array([suits(question.read, retriever.text(int(n))) for n in numbers[best]])
        words = found.words.copy()
        words[best] = words_used(text, question.language, numbers[best], retriever)
        score += _WORDS * words
        same = retriever.sentences.languages[numbers[best]] == question.language
        if speaks_of_reports(question) or same.any():
            score[best] += _CONCEPTS * concepts_shared(text, question.language, numbers[best], retriever)
        score = score.astype(np.float32)
        found = replace(found, likeness=likeness, words=words, unread=score, scores=score)
        if collects(question):
            return found
        if retriever.reading:
            plan = retriever.reading.plan
            found = replace(found, scores=score + plan.context * read + plan.sentence * gains)
            return found._read_closer(evidence, retriever, retriever.reading)
        return found._embed_closer(evidence, retriever)

    def _read_closer(self, evidence: Evidence, retriever: Retriever, reading: PassageReading) -> Candidates:
        """The same, the best few read once more alone, where they lie close."""
        close = self._close(reading.plan.closer, reading.plan.close)
        if len(close) < 2:
            return self
        gained_so = reading.closer(evidence, self.numbers[close].tolist(), retriever)
        return self._with(close, self.scores[close] + gained_so)

    def _embed_closer(self, evidence: Evidence, retriever: Retriever) -> Candidates:
        """The same, the best few compared once more with the sentence before them, where they lie close.

        "Er bezeichnete die Reform als …": whom a sentence speaks of often stands in the one before. Only
        across languages: a question in the text's own language finds such a sentence by its words.
        """
        close = self._close(_CLOSEST, _CLOSE)
        languages = retriever.sentences.languages[self.numbers[close]]
        if len(close) < 2 or evidence.question.language in languages:
            return self
        vectors = retriever.embed_windows(self.numbers[close].tolist())
        scores = [
            float(self.scores[row]) + _WINDOW * float(vector @ evidence.without_setting[language])
            for row, vector, language in zip(close.tolist(), vectors, languages.tolist(), strict=True)
        ]
        return self._with(close, np.array(scores, np.float32))

    def _close(self, count: int, reach: float) -> Ids:
        """Rows of the best ``count`` that lie within ``reach`` of the best, best first."""
        order = np.argsort(-self.scores, kind="stable")[:count]
        return order[self.scores[order] >= self.scores[order[:1]] - reach] if len(order) else order

    def _with(self, rows: Ids, new: Scores) -> Candidates:
        """The same with new scores of some rows, which the others stay behind as far as they were."""
        scores = self.scores.copy()
        lowest = float(new.min()) - float(self.scores[rows].min())
        scores += lowest
        scores[rows] = new
        return replace(self, scores=scores)


def _said(numbers: Ids, owners: Ids, passages: Mapping[int, Hit]) -> tuple[Scores, Scores]:
    """What the reader said of each sentence's passage, and of the sentence in it."""
    read = np.full(len(numbers), np.nan, np.float32)
    gains = np.full(len(numbers), np.nan, np.float32)
    for row, (number, owner) in enumerate(zip(numbers.tolist(), owners.tolist(), strict=True)):
        hit = passages[owner]
        if hit.relevance is not None:
            read[row] = hit.relevance
        gains[row] = hit.gains.get(number, np.nan)
    return _filled(read), _filled(gains)


def _filled(said: Scores) -> Scores:
    known = np.clip(said, -SURE, SURE)
    lowest = np.nanmin(known) if np.isfinite(known).any() else np.float32(0)
    return np.where(np.isnan(known), lowest, known).astype(np.float32)


def _with_acts(
    evidence: Evidence,
    retriever: Retriever,
    hits: Sequence[Hit],
    known: Sequence[str],
    filters: Filters | None,
) -> list[Hit]:
    catalogue = retriever.catalogue
    if not known:
        return list(hits)
    naming = np.concatenate([catalogue.documents_by_key[key] for key in known])
    about = np.flatnonzero(np.isin(catalogue.passage_document, naming))
    allowed = catalogue.passages_of(filters) if filters else None
    about = about if allowed is None else np.intersect1d(about, allowed)
    more = np.setdiff1d(about, [hit.passage for hit in hits])
    return [*hits, *retriever.rank(evidence, more, _ABOUT_HITS)]
