"""What reading more passages gains, and what it costs: figures and times of one set under several plans."""

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

from eval.console.progress import tracked
from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.lab.experiments.rerank_depth_record import Effort
from eval.lab.reranker_training.command import app
from eval.metrics import answers
from eval.metrics.ranking import ranking_values
from eval.runs.runner import DEPTH, Ranked, Track, first_of_each_language, untracked
from eval.runs.timing import WARM_UP
from eval.systems.local import LocalSystem
from eval.systems.protocol import Reply
from indexer.cli.options import ModelOption, exit_on_error
from indexer.errors import SourceError
from service.cli.options import ReaderOption
from service.reranking.loading import OFF, OWN, load_reader
from service.reranking.reranker import Plan


@app.command()
def effort(
    questions: Annotated[Path, typer.Argument(metavar="SET", help="A BEIR folder.", show_default=False)],
    index: Annotated[Path, typer.Option(help="Folder of its index.", show_default=False)],
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many questions a language.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for effort.json, which eval report shows.")
    ] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
) -> None:
    """Measure what reading more or fewer passages gains on SET and what it costs."""
    from eval.datasets.beir import BeirSet
    from eval.datasets.loading import load
    from eval.lab.experiments.rerank_depth_record import write_efforts
    from eval.systems.local import LocalSystem
    from eval.systems.opening import embedder_loader
    from indexer.index.generation import open_generation
    from service.engine import Engine

    if reader == OFF:
        raise typer.BadParameter("there is nothing to compare without a reader", param_hint="--reader")
    with exit_on_error():
        dataset = load(questions)
        if not isinstance(dataset, BeirSet):
            raise SourceError(f"{questions}: no BEIR folder")
        with closing(open_generation(index)) as generation:
            embedder = embedder_loader(model)()
            reads = load_reader(reader, embedder.inner)
            systems = {
                name: LocalSystem(Engine.of(generation, embedder, reads if plan else None, plan))
                for name, plan in PLANS.items()
            }
            found = measure(dataset, systems, limit, tracked)
        if output:
            write_efforts(output, dataset.name, reader, found)
    table = Table("passages read", "nDCG@10", "first citation", "answered", "refused", "ask, ms", box=None)
    for it in found:
        refused = "" if it.refused is None else f"{it.refused:.3f}"
        figures = (f"{value:.3f}" for value in (it.ndcg, it.first_citation, it.answered))
        table.add_row(it.name, *figures, refused, f"{it.milliseconds:.1f} / {it.p95:.1f}")
    Console(width=120, markup=False).print(table)


#: ``None``: nothing is read. The default is among them.
PLANS: dict[str, Plan | None] = {
    "off": None,
    **{f"{n} of 600": Plan(passages=n, first=n) for n in (1, 2, 3, 4, 6)},
    **{f"2 or 4 of {n}": Plan(passages=4, first=2, characters=n) for n in (300, 900)},
    "default": Plan(),
}


@dataclass(slots=True)
class _Taken:
    ranked: Ranked = field(default_factory=Ranked)
    replies: dict[str, Reply] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)


def measure(
    dataset: BeirSet,
    systems: Mapping[str, LocalSystem],
    limit: int | None = None,
    track: Track[Query] = untracked,
) -> list[Effort]:
    """Ask every question of every system in turn, so that what disturbs one disturbs all."""
    others = [query for query in dataset.queries if query.unanswerable]
    judged = [query for query in dataset.judged if not query.unanswerable]
    known = first_of_each_language(judged, limit)
    asked = [*known, *first_of_each_language(others, limit)]
    taken = {name: _Taken() for name in systems}
    for query in asked[:WARM_UP]:
        for system in systems.values():
            system.ask(query.text)
    for query in track(asked, "asking"):
        for name, system in systems.items():
            began = time.perf_counter()
            taken[name].replies[query.query_id] = system.ask(query.text)
            taken[name].milliseconds.append((time.perf_counter() - began) * 1000)
            if not query.unanswerable:
                taken[name].ranked.add(query.query_id, system.search(query.text, DEPTH))
    return [_effort(name, it, dataset, known, asked) for name, it in taken.items()]


def _effort(
    name: str, taken: _Taken, dataset: BeirSet, known: Sequence[Query], asked: Sequence[Query]
) -> Effort:
    qrels = {query.query_id: dataset.qrels[query.query_id] for query in known}
    unknown = [query for query in asked if query.unanswerable]
    return Effort(
        name,
        ndcg=mean(ranking_values(qrels, taken.ranked.run)["nDCG@10"].values()),
        first_citation=mean(answers.holds_answer(known, taken.replies, first=1).values() or (0.0,)),
        answered=mean(answers.answered(known, taken.replies).values()),
        refused=1 - mean(answers.answered(unknown, taken.replies).values()) if unknown else None,
        milliseconds=median(taken.milliseconds),
        p95=float(np.percentile(taken.milliseconds, 95)),
    )
