"""Putting question sets through a system, one question at a time, as a user would."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from eval.datasets.query import Query
from eval.runs.timing import WARM_UP, Stopwatch
from eval.systems.protocol import Found, Reply, System

#: Passages asked for, and so the most documents a run holds for a question: what the service allows.
DEPTH = 100
#: Documents of a question whose best passage is kept, to be shown.
SHOWN = 3

T = TypeVar("T")
#: Wraps an iteration to show how far it has come.
Track = Callable[[Sequence[T], str], Iterable[T]]


def untracked(items: Sequence[T], _what: str) -> Iterable[T]:
    """Iteration without a progress bar."""
    return items


@dataclass(frozen=True, slots=True)
class Ranked:
    """Question → its documents with scores, best first; and the best passage of each of the first three."""

    run: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    first: dict[str, tuple[Found, ...]] = field(default_factory=dict)

    def add(self, query_id: str, found: Iterable[Found]) -> None:
        """Keep a question's passages, best first, as documents."""
        documents = best_of_each_document(found)
        self.run[query_id] = [(hit.document_id, hit.score) for hit in documents]
        self.first[query_id] = tuple(documents[:SHOWN])


def rank(
    queries: Sequence[Query], system: System, track: Track[Query] = untracked, watch: Stopwatch | None = None
) -> Ranked:
    """Search each question once; ``watch`` notes what each search took."""
    watch, ranked = watch or Stopwatch(), Ranked()
    for query in queries[:WARM_UP]:
        system.search(query.text, DEPTH)
    for query in track(queries, "searching"):
        ranked.add(query.query_id, search(query, system, DEPTH, watch))
    return ranked


def search(query: Query, system: System, limit: int, watch: Stopwatch) -> list[Found]:
    """One timed search."""
    with watch.timing("search", query.query_id):
        found = system.search(query.text, limit)
    watch.note_parts(query.query_id, system.encoding_ms)
    return found


def ask(
    queries: Sequence[Query], system: System, track: Track[Query] = untracked, watch: Stopwatch | None = None
) -> dict[str, Reply]:
    """Each question's reply; ``watch`` notes what it took."""
    watch = watch or Stopwatch()
    replies: dict[str, Reply] = {}
    for query in track(queries, "asking"):
        with watch.timing("ask", query.query_id):
            replies[query.query_id] = system.ask(query.text)
    return replies


def search_and_ask(
    queries: Sequence[Query], system: System, limit: int, track: Track[Query], watch: Stopwatch
) -> tuple[dict[str, list[Found]], dict[str, Reply]]:
    """The first ``limit`` hits and the reply of each question, in turn, so that noise meets both alike."""
    found: dict[str, list[Found]] = {}
    replies: dict[str, Reply] = {}
    for query in queries[:WARM_UP]:
        system.ask(query.text)
    for query in track(queries, "asking"):
        found[query.query_id] = search(query, system, limit, watch)
        replies |= ask([query], system, watch=watch)
    return found, replies


def best_of_each_document(found: Iterable[Found]) -> list[Found]:
    """Passages to documents: a document stands where its best passage stands."""
    best: dict[str, Found] = {}
    for hit in found:
        best.setdefault(hit.document_id, hit)
    return list(best.values())


def first_of_each_language(queries: Sequence[Query], limit: int | None) -> tuple[Query, ...]:
    """At most ``limit`` questions of each language, in their order; all of them without a limit."""
    return tuple(_limited(queries, limit))


def _limited(queries: Sequence[Query], limit: int | None) -> Iterator[Query]:
    seen: dict[str, int] = {}
    for query in queries:
        seen[query.language] = seen.get(query.language, 0) + 1
        if limit is None or seen[query.language] <= limit:
            yield query
