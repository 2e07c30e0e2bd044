"""``python -m eval ablate``: every ranking of some sets, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from eval.console.options import IndexesOption, SetsArgument, require_sets
from eval.console.progress import tracked
from eval.datasets.beir import load_beir
from eval.report.files import as_json, write_output, write_text
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from service.reranking.loading import OFF

TABLE = "ablation.md"


def main(
    sets: SetsArgument,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder for SET/RANKING/record.json, TREC files, ablation.md and report.html.",
            show_default=False,
        ),
    ],
    index: IndexesOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many questions a language.")] = None,
    model: ModelOption = None,
    as_json_only: JsonOption = False,
) -> None:
    """Rank SET… by all evidence and by each part alone; say whether all of it is not worse than the best."""
    require_sets(sets, index)
    names = [folder.resolve().name for folder in sets]
    if len(set(names)) < len(names):
        raise typer.BadParameter("two sets have the same name, by which their results are kept")
    with exit_on_error():
        result, table = _ablation(sets, index or [None] * len(sets), output, limit, model)
    if as_json_only:
        print(as_json(result))
    else:
        Console().print(Markdown(table))


def _ablation(
    sets: list[Path], indexes: list[Path] | list[None], output: Path, limit: int | None, model: str | None
) -> tuple[dict[str, Any], str]:
    """Measure and write; returns figures and comparisons as one JSON object, and the Markdown table."""
    from eval.lab.experiments.ablation import ablation_table, against_best_part, measure_rankings
    from eval.report.html import PAGE, write_page
    from eval.runs.evaluation import run_record
    from eval.systems.opening import embedder_loader, local_system

    # Before anything takes long: a folder without questions fails at once.
    datasets = [load_beir(folder) for folder in sets]
    loader, kept, comparisons = embedder_loader(model), dict[str, dict[str, Any]](), []
    for dataset, index in zip(datasets, indexes, strict=True):
        records = []
        with local_system(dataset, index, loader) as system:
            outcomes = measure_rankings(dataset, system, limit=limit, track=tracked)
            for ranking, outcome in outcomes.items():
                settings = {"ranking": ranking, "limit": limit, "answers": False, "reader": OFF}
                record = run_record(dataset, outcome, system, settings)
                write_output(output / dataset.name / ranking, record, outcome.run, outcome.qrels)
                kept[f"{dataset.name}/{ranking}"] = record
                records.append(record)
        comparisons += against_best_part(records)
    table = ablation_table(list(kept.values()), comparisons)
    write_text(output, {TABLE: table})
    write_page(output / PAGE, kept)
    figures = {name: record["figures"] for name, record in kept.items()}
    return {"figures": figures, "comparisons": comparisons}, table
