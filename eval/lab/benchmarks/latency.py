"""Milliseconds of encoding, searching and asking, one client, same process, question by question in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.datasets.question_file import QuestionSet
from eval.runs.record import Measured, record, source_of
from eval.runs.timing import WARM_UP, summary
from indexer.embedding.embedder import Embedder
from service.engine import Engine


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds per question of one step, in the order of the questions."""

    name: str
    milliseconds: tuple[float, ...]

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.milliseconds, share))


def measure(engine: Engine, embedder: Embedder, questions: Sequence[str]) -> list[Latency]:
    """Latencies of encoding alone, search and ask. The three alternate, so noise meets all alike."""
    steps: dict[str, Callable[[str], object]] = {
        "encode": lambda text: embedder.embed_questions([text]),
        "search": engine.search,
        "ask": engine.ask,
    }
    taken: dict[str, list[float]] = {name: [] for name in steps}
    warming = questions[:WARM_UP]
    for number, question in enumerate([*warming, *questions]):
        for name, step in steps.items():
            started = time.perf_counter()
            step(question)
            if number >= len(warming):
                taken[name].append((time.perf_counter() - started) * 1000)
    return [Latency(name, tuple(values)) for name, values in taken.items()]


def spread(dataset: BeirSet | QuestionSet, limit: int) -> list[Query]:
    """At most so many questions, spread over the set."""
    queries = dataset.queries if isinstance(dataset, BeirSet) else [case.query for case in dataset.cases]
    return list(queries[:: max(1, len(queries) // limit)][:limit])


def latency_record(
    latencies: Sequence[Latency],
    queries: Sequence[Query],
    dataset: BeirSet | QuestionSet,
    system: dict[str, Any],
    limit: int,
) -> dict[str, Any]:
    """A record of times instead of figures: ``timings``, and under ``latency`` what they come to."""
    ids = [query.query_id for query in queries]
    timings = {
        latency.name: {
            query_id: round(value, 3) for query_id, value in zip(ids, latency.milliseconds, strict=True)
        }
        for latency in latencies
    }
    settings = {"measured": "latency", "limit": limit}
    kept = record(Measured({}, {}), source_of(dataset), system, settings, queries, timings)
    return kept | {"latency": summary(timings)}


def ratio(latencies: Sequence[Latency], step: str, base: str) -> float:
    """Ratio of the medians of two steps."""
    by_name = {latency.name: latency for latency in latencies}
    return by_name[step].percentile(50) / by_name[base].percentile(50)


def print_latencies(latencies: Sequence[Latency], console: Console) -> None:
    """The figures as a table, with the two ratios that matter."""
    table = Table("step", title=f"Latency in ms, {len(latencies[0].milliseconds)} questions, one client")
    for column in ("median", "p95", "max"):
        table.add_column(column, justify="right")
    for latency in latencies:
        table.add_row(latency.name, *(f"{latency.percentile(share):.1f}" for share in (50, 95, 100)))
    console.print(table)
    console.print(f"search / encode {ratio(latencies, 'search', 'encode'):.2f}, medians")
    console.print(f"ask / search {ratio(latencies, 'ask', 'search'):.2f}, medians")
    by_name = {latency.name: latency for latency in latencies}
    for name, share in (("median", 50), ("p95", 95)):
        beyond = by_name["search"].percentile(95) - by_name["encode"].percentile(share)
        console.print(f"search p95 - encode {name} {beyond:.1f} ms")
