"""Interface of cross-encoders, models that read question and text together.

Similar texts need not answer: a sentence on the very topic of a question may say nothing of what was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: Parts of a text, each ``[start, end)`` in code points.
TextSpans = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class PairScore:
    """The output of a cross-encoder for one question and text.

    ``relevance``: log-odds that the text answers the question. ``span_scores``: for each span of the text,
    how much likelier the answer stands there than nowhere, in log-odds; minus infinity for a span that was
    cut off. Empty from a cross-encoder that locates no answers.
    """

    relevance: float
    span_scores: tuple[float, ...] = ()


class CrossEncoder(Protocol):
    """A model that scores pairs of question and text, as reranking and scoring use it."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    def score(
        self, questions: Sequence[str], texts: Sequence[str], spans: Sequence[TextSpans]
    ) -> list[PairScore]: ...
