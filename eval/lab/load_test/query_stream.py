"""Questions for a load: of a set, none of them twice."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from eval.datasets.query import Query
from indexer.errors import FundstelleError

#: What may stand before a question and changes nothing of what is asked.
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


class Questions:
    """Distinct questions, handed out in a fixed random order; ``plain`` are those of the set as they are."""

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
        """So many that were not handed out before.

        Raises:
            FundstelleError: there are no more; the set is too small for so long a load.
        """
        if count > len(self._left):
            raise FundstelleError(f"only {len(self._left)} distinct questions are left, {count} are needed")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def give_back(self, unused: Sequence[str]) -> None:
        """Questions that were taken and not asked."""
        self._left = [*unused, *self._left]

    @property
    def left(self) -> int:
        """How many have not been handed out."""
        return len(self._left)
