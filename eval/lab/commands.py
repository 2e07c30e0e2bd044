"""The commands of the lab under ``python -m eval``."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer

#: Command → module, whose ``main`` it is.
_COMMANDS = {
    "ablate": "eval.lab.experiments.ablation_command",
    "attacks": "eval.lab.attacks.command",
    "build-rate": "eval.lab.benchmarks.build_rate",
    "chunking": "eval.lab.experiments.chunking_command",
    "crash": "eval.lab.benchmarks.crash_recovery",
    "faces": "eval.lab.benchmarks.page_screenshots",
    "fuzz": "eval.lab.fuzzing.command",
    "latency": "eval.lab.benchmarks.latency",
    "load": "eval.lab.load_test.command",
    "probe": "eval.lab.benchmarks.index_probe",
    "replies": "eval.lab.experiments.reply_snapshot",
    "scale": "eval.lab.benchmarks.scale",
    "segmentation": "eval.lab.experiments.sentence_splitting",
    "startup": "eval.lab.benchmarks.startup",
}
#: Commands of ``eval reader``: command → module and function.
_READER_COMMANDS = {
    "effort": ("eval.lab.experiments.rerank_depth", "main"),
    "held-out": ("eval.lab.reranker_training.command", "held_out"),
    "measure": ("eval.lab.reranker_training.command", "measure"),
    "train": ("eval.lab.reranker_training.command", "train"),
}
_OWN_PACKAGES = ("eval", "service", "indexer")


def register(app: typer.Typer) -> None:
    """Add the commands; those whose libraries are missing fail with one line that names the extra."""
    reader = typer.Typer(no_args_is_help=True, help="Train and measure the cross-encoder.")
    for name, module in _COMMANDS.items():
        add_command(app, name, module)
    for name, (module, function) in _READER_COMMANDS.items():
        add_command(reader, name, module, function)
    app.add_typer(reader, name="reader")


def add_command(app: typer.Typer, name: str, module: str, function: str = "main") -> None:
    """Add a function of a module as a command, or one that says which library the module lacks."""
    try:
        app.command(name)(getattr(importlib.import_module(module), function))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OWN_PACKAGES:
            raise
        settings = {"ignore_unknown_options": True, "allow_extra_args": True}
        app.command(name, help=f"Needs {error.name}.", context_settings=settings)(_missing(name, error.name))


def _missing(name: str, library: str | None) -> Any:
    def fail() -> None:
        print(f"error: eval {name} needs {library}: pip install '.[lab]'", file=sys.stderr)
        raise typer.Exit(1)

    return fail
