"""Milliseconds of encoding, searching and asking: one client in one process, the three in turn.

python -m eval latency SET --index DIR
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.console.options import SetArgument, model_loader
from eval.datasets.beir import BeirSet
from eval.datasets.loading import load, queries_of
from eval.datasets.query import Query
from eval.datasets.question_file import QuestionSet
from eval.report.files import as_json, write_record
from eval.runs.record import Measurements, new_record, source_of
from eval.runs.runner import evenly_spread
from eval.runs.timing import WARM_UP, summary
from eval.systems.local import LocalSystem
from eval.systems.opening import embedder_loader
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from indexer.embedding.embedder import Embedder
from indexer.index.generation import open_generation
from service.cli.options import ReaderOption
from service.engine import Engine
from service.reranking.loading import OWN, load_cross_encoder


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one step for each question, in the order of the questions."""

    name: str
    milliseconds: tuple[float, ...]

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.milliseconds, share))


def main(
    context: typer.Context,
    questions: SetArgument,
    index: Annotated[Path, typer.Option(help="Folder of the index.", show_default=False)],
    limit: Annotated[int, typer.Option(min=1, help="Most questions, spread over the set.")] = 200,
    output: Annotated[Path | None, typer.Option(help="Folder for record.json and report.html.")] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json_only: JsonOption = False,
) -> None:
    """Time encoding, searching and asking, question by question."""
    with exit_on_error():
        dataset = load(questions)
        queries = evenly_spread(queries_of(dataset), limit)
        embedder = embedder_loader(model_loader(context), model)()
        opened = Engine.compose(open_generation(index), embedder, load_cross_encoder(reader, embedder.inner))
        with contextlib.closing(opened) as engine:
            latencies = measure(engine, embedder, [query.text for query in queries])
            record = latency_record(latencies, queries, dataset, LocalSystem(engine).facts, limit)
        if output:
            from eval.report.html import PAGE, write_page

            write_record(output, record)
            write_page(output / PAGE, {str(questions): record})
    if as_json_only:
        print(as_json(record))
    else:
        print_latencies(latencies, Console())


def measure(engine: Engine, embedder: Embedder, questions: Sequence[str]) -> list[Latency]:
    """Latencies of encoding, search and ask. The three alternate, so that noise affects all alike."""
    steps: dict[str, Callable[[str], object]] = {
        "encode": lambda text: embedder.embed_questions([text]),
        "search": engine.search,
        "ask": engine.ask,
    }
    milliseconds: dict[str, list[float]] = {name: [] for name in steps}
    warm_up = questions[:WARM_UP]
    for number, question in enumerate([*warm_up, *questions]):
        for name, step in steps.items():
            started = time.perf_counter()
            step(question)
            if number >= len(warm_up):
                milliseconds[name].append((time.perf_counter() - started) * 1000)
    return [Latency(name, tuple(values)) for name, values in milliseconds.items()]


def latency_record(
    latencies: Sequence[Latency],
    queries: Sequence[Query],
    dataset: BeirSet | QuestionSet,
    system: dict[str, Any],
    limit: int,
) -> dict[str, Any]:
    """A record of times without measures: ``timings``, and their summary under ``latency``."""
    ids = [query.query_id for query in queries]
    timings = {
        latency.name: {
            query_id: round(value, 3) for query_id, value in zip(ids, latency.milliseconds, strict=True)
        }
        for latency in latencies
    }
    settings = {"measured": "latency", "limit": limit}
    record = new_record(Measurements({}, {}), source_of(dataset), system, settings, queries, timings)
    return record | {"latency": summary(timings)}


def ratio(latencies: Sequence[Latency], step: str, base: str) -> float:
    """Ratio of the medians of two steps."""
    by_name = {latency.name: latency for latency in latencies}
    return by_name[step].percentile(50) / by_name[base].percentile(50)


def print_latencies(latencies: Sequence[Latency], console: Console) -> None:
    """Print the latencies, two ratios of medians, and the time of a search beyond encoding."""
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
