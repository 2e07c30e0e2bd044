"""``python -m eval reader effort``: measures and times of one set under several rerank settings."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.console.options import BeirArgument, LimitOption, model_loader
from eval.console.progress import track
from eval.datasets.beir import BeirSet
from eval.datasets.loading import load_only_beir
from eval.datasets.query import Query
from eval.lab.experiments.rerank_depth_record import DepthResult, write_rerank_depth
from eval.metrics import answers
from eval.metrics.ranking import MAIN_MEASURE, ranking_values
from eval.runs.runner import DEPTH, RankedQueries, Track, first_of_each_language, without_progress
from eval.runs.timing import WARM_UP
from eval.systems.local import LocalSystem
from eval.systems.opening import embedder_loader
from eval.systems.protocol import SystemReply
from indexer.cli.options import ModelOption, exit_on_error
from indexer.embedding.embedder import Embedder
from indexer.index.generation import Generation, open_generation
from service.cli.options import ReaderOption
from service.engine import Engine, EngineSettings
from service.reranking.cross_encoder import CrossEncoder
from service.reranking.loading import OFF, OWN, load_cross_encoder
from service.reranking.rerank_settings import RerankSettings

#: The compared settings, the default among them; ``None``: no reranking.
SETTINGS: dict[str, RerankSettings | None] = {
    "off": None,
    **{f"{n} of 600": RerankSettings(passages=n, first=n) for n in (1, 2, 3, 4, 6)},
    **{f"2 or 4 of {n}": RerankSettings(passages=4, first=2, characters=n) for n in (300, 900)},
    "default": RerankSettings(),
}


def main(
    context: typer.Context,
    questions: BeirArgument,
    index: Annotated[Path, typer.Option(help="Folder of its index.", show_default=False)],
    limit: LimitOption = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for effort.json, which eval report shows.")
    ] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
) -> None:
    """Measure the gain and the cost of reranking more or fewer passages on SET."""
    if reader == OFF:
        raise typer.BadParameter("without a reader there is nothing to compare", param_hint="--reader")
    with exit_on_error():
        dataset = load_only_beir(questions)
        with closing(open_generation(index)) as generation:
            embedder = embedder_loader(model_loader(context), model)()
            cross_encoder = load_cross_encoder(reader, embedder.inner)
            systems = {
                name: LocalSystem(engine_with(generation, embedder, cross_encoder, settings))
                for name, settings in SETTINGS.items()
            }
            results = measure(dataset, systems, limit, track)
        if output:
            write_rerank_depth(output, dataset.name, reader, results)
    table = Table(
        "passages reranked", "nDCG@10", "first citation", "answered", "refused", "ask, ms", box=None
    )
    for it in results:
        refused = "" if it.refused is None else f"{it.refused:.3f}"
        shares = (f"{value:.3f}" for value in (it.ndcg, it.first_citation, it.answered))
        table.add_row(it.name, *shares, refused, f"{it.milliseconds:.1f} / {it.p95:.1f}")
    Console(width=120, markup=False).print(table)


def engine_with(
    generation: Generation,
    embedder: Embedder,
    cross_encoder: CrossEncoder | None,
    settings: RerankSettings | None,
) -> Engine:
    """An engine with these rerank settings; ``None``: without reranking."""
    if settings is None:
        return Engine.compose(generation, embedder)
    return Engine.compose(generation, embedder, cross_encoder, EngineSettings(rerank=settings))


@dataclass(slots=True)
class _Observations:
    """Rankings, replies and times of one system."""

    ranked: RankedQueries = field(default_factory=RankedQueries)
    replies: dict[str, SystemReply] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)


def measure(
    dataset: BeirSet,
    systems: Mapping[str, LocalSystem],
    limit: int | None = None,
    track: Track[Query] = without_progress,
) -> list[DepthResult]:
    """Ask every question of every system in turn, so that disturbances affect all alike."""
    judged = [query for query in dataset.judged if not query.unanswerable]
    others = [query for query in dataset.queries if query.unanswerable]
    answerable = first_of_each_language(judged, limit)
    asked = [*answerable, *first_of_each_language(others, limit)]
    observations = {name: _Observations() for name in systems}
    for query in asked[:WARM_UP]:
        for system in systems.values():
            system.ask(query.text)
    for query in track(asked, "asking"):
        for name, system in systems.items():
            _observe(observations[name], query, system)
    return [_result(name, it, dataset, answerable, asked) for name, it in observations.items()]


def _observe(observations: _Observations, query: Query, system: LocalSystem) -> None:
    began = time.perf_counter()
    observations.replies[query.query_id] = system.ask(query.text)
    observations.milliseconds.append((time.perf_counter() - began) * 1000)
    if not query.unanswerable:
        observations.ranked.add(query.query_id, system.search(query.text, DEPTH))


def _result(
    name: str,
    observations: _Observations,
    dataset: BeirSet,
    answerable: Sequence[Query],
    asked: Sequence[Query],
) -> DepthResult:
    qrels = {query.query_id: dataset.qrels[query.query_id] for query in answerable}
    replies = observations.replies
    unanswerable = [query for query in asked if query.unanswerable]
    return DepthResult(
        name,
        ndcg=mean(ranking_values(qrels, observations.ranked.run)[MAIN_MEASURE].values()),
        first_citation=mean(answers.holds_answer(answerable, replies, first=1).values() or (0.0,)),
        answered=mean(answers.answered(answerable, replies).values()),
        refused=1 - mean(answers.answered(unanswerable, replies).values()) if unanswerable else None,
        milliseconds=median(observations.milliseconds),
        p95=float(np.percentile(observations.milliseconds, 95)),
    )
