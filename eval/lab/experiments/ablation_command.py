"""``python -m eval ablate``: every ranking of some sets, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from eval.console.options import (
    IndexesOption,
    LimitOption,
    ModelLoader,
    SetsArgument,
    model_loader,
    require_sets,
)
from eval.console.progress import track
from eval.datasets.beir import load_beir
from eval.report.files import as_json, write_output, write_text
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from service.reranking.loading import OFF

TABLE = "ablation.md"


def main(
    context: typer.Context,
    sets: SetsArgument,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder for SET/RANKING/record.json, TREC files, ablation.md and report.html.",
            show_default=False,
        ),
    ],
    index: IndexesOption = None,
    limit: LimitOption = None,
    model: ModelOption = None,
    as_json_only: JsonOption = False,
) -> None:
    """Rank SET… by the full ranking and by each of its parts; compare it with the best part."""
    require_sets(sets, index)
    names = [folder.resolve().name for folder in sets]
    if len(set(names)) < len(names):
        raise typer.BadParameter("two sets have the same name, which names the folder of their results")
    with exit_on_error():
        result, table = _ablation(
            sets, index or [None] * len(sets), output, limit, model_loader(context), model
        )
    if as_json_only:
        print(as_json(result))
    else:
        Console().print(Markdown(table))


def _ablation(
    sets: list[Path],
    indexes: list[Path] | list[None],
    output: Path,
    limit: int | None,
    load_model: ModelLoader,
    model: str | None,
) -> tuple[dict[str, Any], str]:
    """Measure and write; returns measures and comparisons as one JSON object, and the Markdown table."""
    from eval.lab.experiments.ablation import ablation_table, measure_rankings
    from eval.report.html import PAGE, write_page
    from eval.runs.comparison import full_against_best_part
    from eval.runs.evaluation import run_record
    from eval.systems.opening import embedder_loader, local_system

    # First, so that a folder without questions fails at once.
    datasets = [load_beir(folder) for folder in sets]
    load, by_name, comparisons = embedder_loader(load_model, model), dict[str, dict[str, Any]](), []
    for dataset, index in zip(datasets, indexes, strict=True):
        records = []
        with local_system(dataset, index, load) as system:
            outcomes = measure_rankings(dataset, system, limit=limit, track=track)
            for ranking, outcome in outcomes.items():
                settings = {"ranking": ranking, "limit": limit, "answers": False, "reader": OFF}
                record = run_record(dataset, outcome, system, settings)
                write_output(output / dataset.name / ranking, record, outcome.run, outcome.qrels)
                by_name[f"{dataset.name}/{ranking}"] = record
                records.append(record)
        comparisons += full_against_best_part(records)
    table = ablation_table(list(by_name.values()), comparisons)
    write_text(output, {TABLE: table})
    write_page(output / PAGE, by_name)
    figures = {name: record["figures"] for name, record in by_name.items()}
    return {"figures": figures, "comparisons": comparisons}, table
