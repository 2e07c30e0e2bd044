"""Searches and replies of a system for a question set, one question at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from eval.datasets.query import Query
from eval.runs.timing import WARM_UP, Stopwatch
from eval.systems.protocol import RetrievedPassage, System, SystemReply

#: Passages of a search, the most that the service allows, and so the most documents of a question in a run.
DEPTH = 100
#: Documents of a question whose best passage is kept for the report.
SHOWN = 3

T = TypeVar("T")
#: Wraps an iteration in a progress display.
Track = Callable[[Sequence[T], str], Iterable[T]]


def without_progress(items: Sequence[T], _description: str) -> Iterable[T]:
    """Iterate without a progress display."""
    return items


@dataclass(frozen=True, slots=True)
class RankedQueries:
    """The documents of each question.

    ``run``: with scores, best first; ``first``: the best passages of the first three.
    """

    run: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    first: dict[str, tuple[RetrievedPassage, ...]] = field(default_factory=dict)

    def add(self, query_id: str, found: Iterable[RetrievedPassage]) -> None:
        """Add the passages of a question, best first."""
        documents = best_of_each_document(found)
        self.run[query_id] = [(hit.document_id, hit.score) for hit in documents]
        self.first[query_id] = tuple(documents[:SHOWN])


def rank(
    queries: Sequence[Query],
    system: System,
    track: Track[Query] = without_progress,
    watch: Stopwatch | None = None,
) -> RankedQueries:
    """Search each question once.

    Args:
        watch: notes the time of each search.
    """
    watch, ranked = watch or Stopwatch(), RankedQueries()
    for query in queries[:WARM_UP]:
        system.search(query.text, DEPTH)
    for query in track(queries, "searching"):
        ranked.add(query.query_id, search(query, system, DEPTH, watch))
    return ranked


def search(query: Query, system: System, limit: int, watch: Stopwatch) -> list[RetrievedPassage]:
    """One timed search."""
    with watch.timing("search", query.query_id):
        found = system.search(query.text, limit)
    watch.note_parts(query.query_id, system.encoding_ms)
    return found


def ask(
    queries: Sequence[Query],
    system: System,
    track: Track[Query] = without_progress,
    watch: Stopwatch | None = None,
) -> dict[str, SystemReply]:
    """Ask each question once.

    Args:
        watch: notes the time of each reply.
    """
    watch = watch or Stopwatch()
    replies: dict[str, SystemReply] = {}
    for query in track(queries, "asking"):
        with watch.timing("ask", query.query_id):
            replies[query.query_id] = system.ask(query.text)
    return replies


def search_and_ask(
    queries: Sequence[Query], system: System, limit: int, track: Track[Query], watch: Stopwatch
) -> tuple[dict[str, list[RetrievedPassage]], dict[str, SystemReply]]:
    """The first ``limit`` passages and the reply of each question, in turn: noise affects both alike."""
    found: dict[str, list[RetrievedPassage]] = {}
    replies: dict[str, SystemReply] = {}
    for query in queries[:WARM_UP]:
        system.ask(query.text)
    for query in track(queries, "asking"):
        found[query.query_id] = search(query, system, limit, watch)
        replies |= ask([query], system, watch=watch)
    return found, replies


def best_of_each_document(found: Iterable[RetrievedPassage]) -> list[RetrievedPassage]:
    """The best passage of each document, in the order of the passages."""
    best: dict[str, RetrievedPassage] = {}
    for hit in found:
        best.setdefault(hit.document_id, hit)
    return list(best.values())


def first_of_each_language(queries: Sequence[Query], limit: int | None) -> tuple[Query, ...]:
    """At most ``limit`` questions of each language, in their order; all if ``None``."""
    return tuple(_limited(queries, limit))


def evenly_spread(queries: Sequence[Query], limit: int | None) -> list[Query]:
    """At most ``limit`` questions, evenly spread over all; all if ``None``."""
    if limit is None:
        return list(queries)
    return list(queries[:: max(1, len(queries) // limit)][:limit])


def _limited(queries: Sequence[Query], limit: int | None) -> Iterator[Query]:
    seen: dict[str, int] = {}
    for query in queries:
        seen[query.language] = seen.get(query.language, 0) + 1
        if limit is None or seen[query.language] <= limit:
            yield query
