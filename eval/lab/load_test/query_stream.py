"""Distinct questions for a load, made from those of a set."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from eval.datasets.query import Query
from indexer.errors import FundstelleError

#: Phrases before a question that do not change what is asked.
INTRODUCTIONS: Mapping[str, tuple[str, ...]] = {
    "de": (
        "Frage: ",
        "Bitte: ",
        "Auskunft: ",
        "Guten Tag, ",
        "Ich möchte wissen: ",
        "Hallo, ",
        "Kurz: ",
        "Also: ",
    ),
    "en": ("Question: ", "Please: ", "Hello, ", "Tell me: ", "Good day, ", "I ask: ", "Briefly: ", "So: "),
    "vi": ("Câu hỏi: ", "Xin hỏi: ", "Xin chào, ", "Cho biết: ", "Tôi hỏi: ", "Vui lòng: ", "Hỏi: ", "Vậy: "),
}


class QueryStream:
    """Distinct questions in a fixed random order. ``plain``: the unchanged questions of the set."""

    def __init__(self, queries: Sequence[Query], seed: int = 57) -> None:
        self.plain = [query.text for query in queries]
        varied = [
            introduction + query.text
            for query in queries
            for introduction in INTRODUCTIONS.get(query.language, INTRODUCTIONS["de"])
        ]
        self._left = sorted(set(varied) - set(self.plain))
        random.Random(seed).shuffle(self._left)

    def take(self, count: int) -> list[str]:
        """The next ``count`` questions.

        Raises:
            FundstelleError: fewer are left; the set is too small for a load of this length.
        """
        if count > len(self._left):
            raise FundstelleError(f"only {len(self._left)} distinct questions are left, {count} are needed")
        questions, self._left = self._left[:count], self._left[count:]
        return questions

    def put_back(self, unused: Sequence[str]) -> None:
        """Return questions that were taken but not asked."""
        self._left = [*unused, *self._left]

    @property
    def left(self) -> int:
        """The number of questions that are left."""
        return len(self._left)
