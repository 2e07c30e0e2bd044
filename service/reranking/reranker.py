"""The first hits of a search, read: put in a better order, with what was found in each sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from indexer.arrays import Scores
from service.reranking.cross_encoder import Reader, Reading
from service.retrieval.encoded_query import Evidence

if TYPE_CHECKING:
    from service.retrieval.hits import Hit
    from service.retrieval.retriever import Retriever

#: Log-odds further out say nothing more.
SURE = 6.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read, and what it counts.

    ``passages``: how many of the first hits are read. ``first`` of them are read before the others, which are
    left unread where the best is then ahead of the second by ``clear``, in units of a hit's score.
    ``characters``: of each about so many, whole sentences around the best one. ``closer``: so many of the
    best sentences are read once more, each with the one before it alone, where they lie within ``close`` of
    the best. Weights of log-odds, in units of cosine: ``hit``, in the score of a hit; ``context``, of its
    passage in that of a sentence, ``sentence``, of the place in it; ``window``, of what was read closer, and
    ``within``, of the place in that.
    Where the defaults come from: docs/adr/0012.
    """

    passages: int = 4
    first: int = 2
    clear: float = 0.1
    characters: int = 600
    closer: int = 3
    close: float = 0.07
    hit: float = 0.04
    context: float = 0.015
    sentence: float = 0.01
    window: float = 0.005
    within: float = 0.01


@dataclass(frozen=True, slots=True)
class _Excerpt:
    question: str
    text: str
    sentences: range
    parts: list[tuple[int, int]]


class PassageReading:
    """Reads the first hits of a question. Holds no state of a question; safe to use from several threads."""

    def __init__(self, reader: Reader, plan: Plan | None = None) -> None:
        self.reader = reader
        self.plan = plan or Plan()

    def ordered(self, evidence: Evidence, hits: Sequence[Hit], retriever: Retriever) -> list[Hit]:
        """All hits, the first ones read and ordered anew; the others stay behind those."""
        plan = self.plan
        read = self._read(evidence, hits[: min(plan.first, plan.passages)], retriever)
        if len(read) < 2 or read[0].score < read[1].score + plan.clear:
            read = _sorted([*read, *self._read(evidence, hits[len(read) : plan.passages], retriever)])
        lowest = read[-1].score if read else 0.0
        return [*read, *(replace(hit, score=min(hit.score, lowest)) for hit in hits[len(read) :])]

    def closer(self, evidence: Evidence, sentences: Sequence[int], retriever: Retriever) -> Scores:
        """What each sentence gains, read with the one before it alone, in units of cosine, shape ``(n,)``.

        "Er bezeichnete die Reform als …": whom a sentence speaks of often stands in the one before. That the
        two answer may be due to either, so the place counts beside it.
        """
        documents = retriever.generation.sentences.document
        windows = [retriever.window(number) for number in sentences]
        readings = self.reader.read(
            [_asked(evidence, int(documents[number])) for number in sentences],
            [text for text, _ in windows],
            [[(begin, len(text))] for text, begin in windows],
        )
        plan = self.plan
        return np.array(
            [plan.window * _sure(r.relevance) + plan.within * sum(map(_sure, r.gains)) for r in readings],
            np.float32,
        )

    def _read(self, evidence: Evidence, hits: Sequence[Hit], retriever: Retriever) -> list[Hit]:
        excerpts = [self._excerpt(evidence, hit, retriever) for hit in hits]
        readings = self.reader.read(
            [e.question for e in excerpts], [e.text for e in excerpts], [e.parts for e in excerpts]
        )
        return _sorted(map(self._with, hits, excerpts, readings))

    def _with(self, hit: Hit, excerpt: _Excerpt, reading: Reading) -> Hit:
        gains = dict(zip(excerpt.sentences, reading.gains, strict=False))
        score = hit.score + self.plan.hit * _sure(reading.relevance)
        return replace(hit, score=score, relevance=reading.relevance, gains=gains)

    def _excerpt(self, evidence: Evidence, hit: Hit, retriever: Retriever) -> _Excerpt:
        """The sentences around the best one of a passage, and the question as they are asked it."""
        generation = retriever.generation
        spans, number = generation.sentences, int(generation.passages.document[hit.passage])
        first, last = int(generation.passages.first[hit.passage]), int(generation.passages.last[hit.passage])
        low = high = hit.best_sentence
        while low > first or high < last:
            # What comes before a sentence says of whom it speaks: it is looked at first.
            lower = low > first and (low + high >= 2 * hit.best_sentence or high == last)
            wider = (low - 1, high) if lower else (low, high + 1)
            if int(spans.end[wider[1]]) - int(spans.start[wider[0]]) > self.plan.characters:
                break
            low, high = wider
        begin = int(spans.start[low])
        parts = [(int(spans.start[n]) - begin, int(spans.end[n]) - begin) for n in range(low, high + 1)]
        text = generation.store.document(number).text[begin : begin + parts[-1][1]]
        return _Excerpt(_asked(evidence, number), text, range(low, high + 1), parts)


def _sure(said: float) -> float:
    return max(-SURE, min(SURE, said))


def _asked(evidence: Evidence, document: int) -> str:
    """A question as a document is asked it.

    A report on Hà Giang does not say so in every passage: one that fits the question's setting is read for
    the question without it.
    """
    setting = evidence.setting
    return setting.question if setting and setting.documents[document] else evidence.question.read


def _sorted(hits: Iterable[Hit]) -> list[Hit]:
    # Equal scores are ordered by passage number: the same question gives the same list every time.
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage))
