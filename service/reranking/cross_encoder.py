"""Reading: does this text answer this question? A seam with one cross-encoder of our own behind it.

Similarity is not answerhood: a sentence on the very topic of a question need not answer it. A reader looks at
question and text together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: Where parts of a text stand in it, ``[start, end)`` in code points.
Parts = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of a text.

    ``relevance``: log-odds that it answers the question; ``gains``: of each part of the text, how much
    likelier the answer stands there than nowhere, in log-odds, minus infinity for what was cut off. A reader
    that knows no places gives none.
    """

    relevance: float
    gains: tuple[float, ...] = ()


class Reader(Protocol):
    """What ranking, answering and the confidence ask of a reader."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    def read(
        self, questions: Sequence[str], texts: Sequence[str], parts: Sequence[Parts]
    ) -> list[Reading]: ...
