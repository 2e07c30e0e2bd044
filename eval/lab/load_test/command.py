"""``python -m eval load``: all loads in turn, each with what was measured beside what must hold."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from eval.console.options import BeirArgument, model_loader
from eval.datasets.beir import BeirSet
from eval.datasets.loading import load_only_beir
from eval.lab.checks import Check, checks_table
from eval.lab.load_test.key_checks import keys
from eval.lab.load_test.locust_driver import require_locust
from eval.lab.load_test.scenarios import PHASES, Plan
from eval.lab.load_test.schema_fuzzing import contract
from eval.systems.opening import embedder_loader
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from service.cli.options import ReaderOption
from service.reranking.loading import OWN

_ALL: Mapping[str, Callable[[Plan], list[Check]]] = {**PHASES, "keys": keys, "contract": contract}


def main(
    context: typer.Context,
    questions: BeirArgument,
    index: Annotated[
        Path | None, typer.Option(help="Folder of an index of it.", show_default="built, then removed")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Workers of the service.")] = 2,
    clients: Annotated[int, typer.Option(min=2, help="Clients that ask at the same time.")] = 16,
    seconds: Annotated[float, typer.Option(min=3, help="Length of the main loads.")] = 60,
    burst: Annotated[int, typer.Option(min=2, max=2000, help="Clients that come at once.")] = 400,
    phase: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this; may be repeated: {', '.join(_ALL)}.", show_default="all"),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for load.json.")] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json_only: JsonOption = False,
) -> None:
    """Put a service under load, on this machine, and print what held: throughput, bursts, failures, keys."""
    chosen = phase or list(_ALL)
    for name in chosen:
        if name not in _ALL:
            raise typer.BadParameter(f"no phase {name!r}: {', '.join(_ALL)}", param_hint="--phase")
    found: dict[str, list[Check]] = {}
    with exit_on_error(), ExitStack() as stack:
        require_locust()
        dataset = load_only_beir(questions)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fundstelle-load-")))
        loader = embedder_loader(model_loader(context), model)
        plan = Plan(
            dataset,
            index or _built(dataset, folder / "index", loader),
            folder,
            workers,
            clients,
            seconds,
            burst,
            loader,
            reader,
        )
        for name in chosen:
            found[name] = _ALL[name](plan)
            if not as_json_only:
                Console(width=150, markup=False).print(checks_table(name, found[name]))
        if output:
            output.mkdir(parents=True, exist_ok=True)
            (output / "load.json").write_text(_json(found) + "\n", "utf-8")
    if as_json_only:
        print(_json(found))


def _json(found: Mapping[str, list[Check]]) -> str:
    rows = {name: [asdict(figure) for figure in figures] for name, figures in found.items()}
    return json.dumps(rows, ensure_ascii=False, indent=1)


def _built(dataset: BeirSet, index: Path, loader: Callable[[], object]) -> Path:
    from indexer.build.pipeline import build
    from indexer.cli.progress import build_progress

    with build_progress() as report:
        build([dataset.corpus], index, loader(), report=report)  # type: ignore[arg-type]
    return index
