"""A ranked passage with the parts of its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score and the parts of it; ``passage`` and ``best_sentence`` are numbers.

    Where the cross-encoder scored it, ``relevance`` is the log-odds that the passage answers, and
    ``span_scores`` holds for each sentence number how much likelier the answer stands there than nowhere.
    """

    passage: int
    score: float
    passage_score: float
    sentence_score: float
    lexical_score: float
    best_sentence: int
    relevance: float | None = None
    span_scores: Mapping[int, float] = field(default_factory=dict)
