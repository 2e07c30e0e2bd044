"""Reading: does this text answer this question? A seam with one cross-encoder of our own behind it.

Similarity is not answerhood: a sentence on the very topic of a question need not answer it. A reader looks at
question and text together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of a text.

    ``relevance``: log-odds that it answers the question; ``span``: where in it the answer most likely stands,
    ``[start, end)`` in code points; ``gain``: by how much that place is likelier than none, in log-odds. A
    reader that knows no places gives ``None`` and 0.
    """

    relevance: float
    span: tuple[int, int] | None = None
    gain: float = 0.0


class Reader(Protocol):
    """What ranking, answering and the confidence ask of a reader."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    def read(self, question: str, texts: Sequence[str]) -> list[Reading]: ...
