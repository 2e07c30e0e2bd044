"""The lexical index: BM25 over the terms of the analyzer, with bm25s.

bm25s scores every passage in one sparse column sum, and gives those scores back: ranking needs the
lexical score of passages that other evidence found, not a list of its own. See docs/adr/0002.
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


class LexicalIndex(Protocol):
    """What is asked of a lexical engine: a score in [0, 1] of every passage for a bag of terms, and what a
    term weighs."""

    def scores(self, terms: Sequence[str]) -> Scores: ...

    def idf(self, terms: Sequence[str]) -> Scores: ...


class Bm25Builder:
    """Takes the terms of one passage after another; they are numbered from 0."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        # Four bytes a term: as lists of texts those of a hundred thousand passages took gigabytes.
        self._passages: list[array[int]] = []

    def add(self, terms: Iterable[str]) -> None:
        numbers = self._numbers
        self._passages.append(array("i", [numbers.setdefault(term, len(numbers)) for term in terms]))

    def finish(self) -> Bm25Index:
        """The index; the builder is empty afterwards."""
        numbers, passages = self._numbers, self._passages
        self._numbers, self._passages = {}, []
        engine = _BM25(method="lucene", k1=1.2, b=0.75, backend="numpy")
        if not numbers:
            # bm25s cannot index nothing at all; a term that no question holds stands in.
            numbers, passages = {"": 0}, [array("i", [0]) for _ in passages]
        engine.index((passages, numbers), show_progress=False)
        return Bm25Index(engine, len(passages))


class Bm25Index:
    """BM25 in the variant of Lucene (k1 = 1.2, b = 0.75), https://arxiv.org/abs/2407.03618."""

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
        """BM25 of every passage as a share of the most these terms could reach, shape ``(size,)``.

        A term that no passage holds counts among the most: a question of which nothing is known stays
        near 0, and scores of long and short questions can be compared.
        """
        vocabulary = self._engine.vocab_dict
        distinct = [term for term in dict.fromkeys(terms) if term]  # bm25s has a token "" of its own
        known = [vocabulary[term] for term in distinct if term in vocabulary]
        if not known:
            return np.zeros(self._size, np.float32)
        # Each term reaches at most its inverse document frequency in Lucene's variant.
        most = self.idf(distinct).sum()
        return np.asarray(self._engine.get_scores_from_ids(known) / most, np.float32)

    def idf(self, terms: Sequence[str]) -> Scores:
        """Inverse document frequency of each term, shape ``(len(terms),)``; most for one no passage holds."""
        vocabulary = self._engine.vocab_dict
        numbers = [vocabulary.get(term, -1) for term in terms]
        frequency = np.array([self._document_frequency[n] if n >= 0 else 0 for n in numbers], np.float64)
        return np.asarray(np.log1p((self._size - frequency + 0.5) / (frequency + 0.5)), np.float32)
