"""``python -m eval load``: a service under load, each measurement beside its bound."""

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
from eval.lab.load_test.key_checks import check_keys
from eval.lab.load_test.locust_driver import require_locust
from eval.lab.load_test.scenarios import SCENARIOS, LoadPlan
from eval.lab.load_test.schema_fuzzing import fuzz
from eval.systems.opening import embedder_loader
from indexer.cli.options import JsonOption, ModelOption, exit_on_error
from service.cli.options import ReaderOption
from service.reranking.loading import OWN

_PHASES: Mapping[str, Callable[[LoadPlan], list[Check]]] = {
    **SCENARIOS,
    "keys": check_keys,
    "contract": fuzz,
}


def main(
    context: typer.Context,
    questions: BeirArgument,
    index: Annotated[
        Path | None, typer.Option(help="Folder of an index of it.", show_default="built, then removed")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Workers of the service.")] = 2,
    clients: Annotated[int, typer.Option(min=2, help="Concurrent clients.")] = 16,
    seconds: Annotated[float, typer.Option(min=3, help="Length of the main loads.")] = 60,
    burst: Annotated[int, typer.Option(min=2, max=2000, help="Clients of the burst.")] = 400,
    phase: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this phase; may be repeated: {', '.join(_PHASES)}.", show_default="all"),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for load.json.")] = None,
    model: ModelOption = None,
    reader: ReaderOption = OWN,
    as_json_only: JsonOption = False,
) -> None:
    """Put a service on this machine under load; print all measurements with their bounds."""
    chosen = phase or list(_PHASES)
    for name in chosen:
        if name not in _PHASES:
            raise typer.BadParameter(f"no phase {name!r}: {', '.join(_PHASES)}", param_hint="--phase")
    checks: dict[str, list[Check]] = {}
    with exit_on_error(), ExitStack() as stack:
        require_locust()
        dataset = load_only_beir(questions)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fundstelle-load-")))
        loader = embedder_loader(model_loader(context), model)
        plan = LoadPlan(
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
            checks[name] = _PHASES[name](plan)
            if not as_json_only:
                Console(width=150, markup=False).print(checks_table(name, checks[name]))
        if output:
            output.mkdir(parents=True, exist_ok=True)
            (output / "load.json").write_text(_json(checks) + "\n", "utf-8")
    if as_json_only:
        print(_json(checks))


def _json(checks: Mapping[str, list[Check]]) -> str:
    rows = {name: [asdict(check) for check in of_phase] for name, of_phase in checks.items()}
    return json.dumps(rows, ensure_ascii=False, indent=1)


def _built(dataset: BeirSet, index: Path, loader: Callable[[], object]) -> Path:
    from indexer.build.pipeline import build
    from indexer.cli.progress import build_progress

    with build_progress() as report:
        build([dataset.corpus], index, loader(), report=report)  # type: ignore[arg-type]
    return index
