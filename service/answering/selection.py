"""As many statements as a question needs and no more: one for a fact, all that is said for an aspect."""

from __future__ import annotations

import re

import numpy as np

from indexer.arrays import Mask
from service.query.question import Question
from service.retrieval.retriever import Retriever
from service.scoring.candidates import Candidates

#: How far below the best one a further statement may lie, in units of the candidates' scores: hardly, where
#: one thing is asked for; where all that is said of an aspect is, as far as the matter reaches, and further
#: where an act already narrows it down.
_FACT, _ASPECT, _ASPECT_OF_ACT = 0.004, 0.11, 0.2
#: At most so many statements on one thing.
_FACTS = 2
#: Statements closer to each other than this say the same twice, unless their figures differ.
_DUPLICATE = 0.97

_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def select(
    question: Question,
    candidates: Candidates,
    fitting: Mask,
    limit: int,
    retriever: Retriever,
    *,
    collected: bool,
) -> list[int]:
    """Rows of the statements, the best first, without near-duplicates, at most ``limit``.

    Args:
        fitting: which rows may become statements, shape ``(n,)``.
        collected: whether all that is said is wanted; then the best of every report comes before the second
            of any.
    """
    scores = candidates.scores
    order = [int(row) for row in np.argsort(-scores, kind="stable") if fitting[row]]
    if not order:
        return []
    margin = _FACT
    if collected:
        margin = _ASPECT_OF_ACT if question.keys else _ASPECT
        order = _reports_first(order, candidates)
    else:
        limit = min(limit, _FACTS)
    best = max(float(scores[row]) for row in order)
    chosen: list[int] = []
    for row in order:
        if len(chosen) == limit:
            break
        if scores[row] >= best - margin and not _said(row, chosen, candidates, retriever):
            chosen.append(row)
    return chosen


def _reports_first(order: list[int], candidates: Candidates) -> list[int]:
    best: dict[int, int] = {}
    for row in order:
        best.setdefault(int(candidates.documents[row]), row)
    first = set(best.values())
    return [*best.values(), *(row for row in order if row not in first)]


def _said(row: int, chosen: list[int], candidates: Candidates, retriever: Retriever) -> bool:
    """Whether a chosen statement says the same, figures included: other figures are another statement."""
    if not chosen:
        return False
    likeness = candidates.vectors[chosen] @ candidates.vectors[row]
    mine = _figures(retriever.text(int(candidates.numbers[row])))
    return any(
        like >= _DUPLICATE and _figures(retriever.text(int(candidates.numbers[other]))) == mine
        for like, other in zip(likeness, chosen, strict=True)
    )


def _figures(text: str) -> frozenset[str]:
    return frozenset(_FIGURE.findall(text))
