"""``python -m eval fit``: fits the weights of the ranking on question sets."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from eval.console.options import IndexesOption, ModelLoader, SetsArgument, model_loader, require_sets
from eval.console.progress import track
from eval.datasets.beir import load_beir
from eval.report.files import as_json, write_text
from indexer.cli.options import JsonOption, ModelOption, exit_on_error

_SIDES = {True: "same_language", False: "other_language"}


def main(
    context: typer.Context,
    sets: SetsArgument,
    index: IndexesOption = None,
    output: Annotated[
        Path | None, typer.Option(help="File for the weights: service/retrieval/fusion_weights.json.")
    ] = None,
    model: ModelOption = None,
    as_json_only: JsonOption = False,
) -> None:
    """Fit the weights of the ranking, for questions in the language of the passages and in another one."""
    require_sets(sets, index)
    with exit_on_error():
        result = _fit(sets, index or [None] * len(sets), model_loader(context), model)
        if output:
            write_text(output.parent, {output.name: as_json(result) + "\n"})
    if as_json_only:
        print(as_json(result))
    else:
        _show(result, Console())


def _fit(
    sets: list[Path], indexes: list[Path] | list[None], load_model: ModelLoader, model: str | None
) -> dict[str, Any]:
    from eval.systems.opening import embedder_loader, local_system
    from eval.tuning import fusion_weights
    from service.retrieval.fusion_weights import FusionWeightsByLanguage

    datasets = [load_beir(folder) for folder in sets]
    loader = embedder_loader(load_model, model)
    cases: dict[bool, list[fusion_weights.Case]] = {True: [], False: []}
    for dataset, index in zip(datasets, indexes, strict=True):
        with contextlib.ExitStack() as stack:
            system = stack.enter_context(local_system(dataset, index, loader))
            for same, found in fusion_weights.collect(dataset, system, track).items():
                cases[same] += found
    in_use = FusionWeightsByLanguage.load()
    result: dict[str, Any] = {}
    for same, side in _SIDES.items():
        now = in_use.same if same else in_use.other
        before = (now.passage, now.sentence, now.lexical)
        if not cases[same]:
            # Sets of one side leave the other unchanged.
            result[side] = dict(zip(("passage", "sentence", "lexical"), before, strict=True))
            continue
        result[side] = asdict(fusion_weights.fit(cases[same], before)) | {"questions": len(cases[same])}
    embedder = loader()
    result["fitted_on"] = {
        "model": {"name": embedder.name, "digest": embedder.digest},
        "sets": [{"name": dataset.name, "sha256": dataset.digest} for dataset in datasets],
    }
    return result


def _show(result: Mapping[str, Any], console: Console) -> None:
    for side in _SIDES.values():
        fitted = result[side]
        weights = ", ".join(f"{name} {fitted[name]:g}" for name in ("passage", "sentence", "lexical"))
        console.print(f"{side.replace('_', ' ')}: {weights}")
        if "chosen" not in fitted:
            console.print("no question of this kind: unchanged")
            continue
        table = Table("set, language", title="nDCG@10", title_justify="left")
        for column in ("weights in use", "fitted", "fitted, held out"):
            table.add_column(column, justify="right")
        for group in fitted["chosen"]:
            values = (fitted[when][group] for when in ("before", "chosen", "held_out"))
            table.add_row(group, *(f"{value:.4f}" for value in values))
        console.print(table)
