"""Lexical index: BM25 over the terms of the analyzer, by bm25s.

bm25s returns the scores of all passages from one sum of sparse columns. Ranking needs exactly that: the
lexical scores of passages found by vectors, not a separate result list (docs/adr/0002).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import bm25s
import numpy as np

from indexer.arrays import Scores
from indexer.errors import IndexDamagedError

_BM25: Any = bm25s.BM25  # without types
#: Defaults of the literature (Robertson & Zaragoza 2009), not fitted: saturation of term frequency, and
#: length.
K1, B = 1.2, 0.75


class LexicalIndex(Protocol):
    """Lexical engine: scores in [0, 1] of every passage for a bag of terms, and the weights of terms."""

    def scores(self, terms: Sequence[str]) -> Scores: ...

    def idf(self, terms: Sequence[str]) -> Scores: ...


class Bm25Builder:
    """Builds an index passage by passage; passages are numbered from 0."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        # Four bytes a term: as lists of strings, those of a hundred thousand passages took gigabytes.
        self._passages: list[array[int]] = []

    def add(self, terms: Iterable[str]) -> None:
        numbers = self._numbers
        self._passages.append(array("i", [numbers.setdefault(term, len(numbers)) for term in terms]))

    def finish(self) -> Bm25Index:
        """The index; the builder is empty afterwards."""
        numbers, passages = self._numbers, self._passages
        self._numbers, self._passages = {}, []
        engine = _BM25(method="lucene", k1=K1, b=B, backend="numpy")
        if not numbers:
            # bm25s cannot index an empty vocabulary, so one term that no question contains is added.
            numbers, passages = {"": 0}, [array("i", [0]) for _ in passages]
        engine.index((passages, numbers), show_progress=False)
        return Bm25Index(engine, len(passages))


class Bm25Index:
    """BM25 in the variant of Lucene, https://arxiv.org/abs/2407.03618."""

    def __init__(self, engine: Any, size: int) -> None:
        self._engine = engine
        self._size = size
        self._document_frequency = np.diff(np.asarray(engine.scores["indptr"]))

    @classmethod
    def open(cls, folder: Path, size: int) -> Bm25Index:
        """Open the index of ``size`` passages, memory-mapped.

        Raises:
            IndexDamagedError: a file is missing or unreadable.
        """
        try:
            engine = _BM25.load(folder, mmap=True, show_progress=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexDamagedError(f"{folder.name}: not a readable lexical index ({error})") from error
        return cls(engine, size)

    def save(self, folder: Path) -> None:
        self._engine.save(folder, show_progress=False)

    def scores(self, terms: Sequence[str]) -> Scores:
        """BM25 of every passage as a share of the maximum for these terms, shape ``(size,)``.

        Terms that no passage contains count in the maximum: a question of unknown terms scores near 0, and
        scores of long and short questions are comparable.
        """
        vocabulary = self._engine.vocab_dict
        distinct = [term for term in dict.fromkeys(terms) if term]  # bm25s adds a token "" itself
        known = [vocabulary[term] for term in distinct if term in vocabulary]
        if not known:
            return np.zeros(self._size, np.float32)
        # In Lucene's variant a term's score is at most its inverse document frequency.
        maximum = self.idf(distinct).sum()
        return np.asarray(self._engine.get_scores_from_ids(known) / maximum, np.float32)

    def idf(self, terms: Sequence[str]) -> Scores:
        """Inverse document frequency of each term, shape ``(len(terms),)``; highest for unknown terms."""
        vocabulary = self._engine.vocab_dict
        numbers = [vocabulary.get(term, -1) for term in terms]
        frequency = np.array([self._document_frequency[n] if n >= 0 else 0 for n in numbers], np.float64)
        return np.asarray(np.log1p((self._size - frequency + 0.5) / (frequency + 0.5)), np.float32)
