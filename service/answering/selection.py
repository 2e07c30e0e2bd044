"""Selection of statements: one for a fact, all that is said for an aspect, without near-duplicates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.arrays import Mask
from service.deadline import within_time
from service.query.question import Question
from service.retrieval.sentences import SentenceReader
from service.scoring.candidates import SentenceCandidates

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class SelectionMargins:
    """Margins below the best statement within which further ones lie, in units of the scores."""

    #: By hand: hardly, for a question for one fact.
    fact: float = 0.004
    #: By hand: for a list, as far as the topic reaches; further where a reference already narrows it down.
    aspect: float = 0.11
    aspect_of_reference: float = 0.2
    #: By hand: statements on one fact.
    max_facts: int = 2
    #: By hand: cosine from which on two statements with the same numbers say the same.
    near_duplicate: float = 0.97


def select_statements(
    question: Question,
    candidates: SentenceCandidates,
    eligible: Mask,
    limit: int,
    reader: SentenceReader,
    *,
    as_list: bool,
    margins: SelectionMargins,
) -> list[int]:
    """Rows of the statements, the best first, without near-duplicates, at most ``limit``.

    Args:
        eligible: rows that may become statements, shape ``(n,)``.
        as_list: select all that is said; then the best of every report comes before the second of any.
    """
    scores = candidates.scores
    order = [int(row) for row in np.argsort(-scores, kind="stable") if eligible[row]]
    if not order:
        return []
    margin = margins.fact
    if as_list:
        margin = margins.aspect_of_reference if question.keys else margins.aspect
        order = _reports_first(order, candidates)
    else:
        limit = min(limit, margins.max_facts)
    best = max(float(scores[row]) for row in order)
    chosen: list[int] = []
    for row in within_time(order):
        if len(chosen) == limit:
            break
        if scores[row] >= best - margin and not _is_duplicate(row, chosen, candidates, reader, margins):
            chosen.append(row)
    return chosen


def _reports_first(order: Sequence[int], candidates: SentenceCandidates) -> list[int]:
    best: dict[int, int] = {}
    for row in order:
        best.setdefault(int(candidates.documents[row]), row)
    first = set(best.values())
    return [*best.values(), *(row for row in order if row not in first)]


def _is_duplicate(
    row: int,
    chosen: Sequence[int],
    candidates: SentenceCandidates,
    reader: SentenceReader,
    margins: SelectionMargins,
) -> bool:
    """True if a chosen statement says the same with the same numbers: other numbers are another statement."""
    if not chosen:
        return False
    similarity = candidates.vectors[list(chosen)] @ candidates.vectors[row]
    numbers = _numbers(reader.text(int(candidates.numbers[row])))
    return any(
        cosine >= margins.near_duplicate and _numbers(reader.text(int(candidates.numbers[other]))) == numbers
        for cosine, other in zip(similarity, chosen, strict=True)
    )


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))
