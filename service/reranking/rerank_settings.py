"""Rerank depth, margins and weights of the cross-encoder."""

from __future__ import annotations

from dataclasses import dataclass

#: By hand: log-odds are clipped to ± this; further out they say nothing more (docs/adr/0012).
CONFIDENT_LOG_ODDS = 6.0


@dataclass(frozen=True, slots=True)
class RerankSettings:
    """Rerank depth and weights of the log-odds, in units of cosine.

    All by hand on the development sets, compared by ``python -m eval reader effort``: docs/adr/0012.
    """

    #: How many of the first hits the cross-encoder scores.
    passages: int = 4
    #: How many of these are scored first. The others are left where the best is then ahead of the second by
    #: ``clear_lead``, in units of a hit's score.
    first: int = 2
    clear_lead: float = 0.1
    #: Text of a hit that is read: whole sentences around the best one, about so many characters.
    characters: int = 600
    #: How many of the best sentences are rescored, if they lie within ``sentence_margin`` of the best.
    sentences: int = 3
    sentence_margin: float = 0.07
    #: Weight of the relevance in the score of a hit.
    hit_weight: float = 0.04
    #: Weight of the relevance of its passage in the score of a sentence, and of its span score there.
    passage_weight: float = 0.015
    span_weight: float = 0.01
    #: Weight of the relevance of a rescored sentence with the one before it, and of its span score there.
    window_weight: float = 0.005
    window_span_weight: float = 0.01
