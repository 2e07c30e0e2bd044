"""Putting question sets through a system, one question at a time, as a user would."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from eval.datasets import Query
from eval.metrics import Run
from eval.systems import Found, Reply, System

#: Passages asked for, and so the most documents a run holds for a question: what the service allows.
DEPTH = 100

T = TypeVar("T")
#: Wraps an iteration to show how far it has come.
Track = Callable[[Sequence[T], str], Iterable[T]]


def untracked(items: Sequence[T], _what: str) -> Iterable[T]:
    """Iteration without a progress bar."""
    return items


def rank(queries: Sequence[Query], system: System, track: Track[Query] = untracked) -> Run:
    """Each question's documents with scores, best first."""
    return {q.query_id: fold(system.search(q.text, DEPTH)) for q in track(queries, "searching")}


def ask(queries: Sequence[Query], system: System, track: Track[Query] = untracked) -> dict[str, Reply]:
    """Each question's reply."""
    return {query.query_id: system.ask(query.text) for query in track(queries, "asking")}


def fold(found: Iterable[Found]) -> list[tuple[str, float]]:
    """Passages to documents: a document stands where its best passage stands."""
    scores: dict[str, float] = {}
    for hit in found:
        scores.setdefault(hit.document_id, hit.score)
    return list(scores.items())


def first_of_each_language(queries: Sequence[Query], limit: int | None) -> tuple[Query, ...]:
    """At most ``limit`` questions of each language, in their order; all of them without a limit."""
    return tuple(_limited(queries, limit))


def _limited(queries: Sequence[Query], limit: int | None) -> Iterator[Query]:
    seen: dict[str, int] = {}
    for query in queries:
        seen[query.language] = seen.get(query.language, 0) + 1
        if limit is None or seen[query.language] <= limit:
            yield query
