"""TODO docstring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score and the parts of it; ``passage`` and ``best_sentence`` are numbers.

    ``relevance``: log-odds by the reader that it answers, ``gains``: by number of a sentence, that the answer
    stands there; only where it was read.
    """

    passage: int
    score: float
    passage_score: float
    sentence_score: float
    lexical_score: float
    best_sentence: int
    relevance: float | None = None
    gains: Mapping[int, float] = field(default_factory=dict)
