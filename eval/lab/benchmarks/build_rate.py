"""Speed of a build against the bare model on the same texts.

python -m eval build-rate SET
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eval.console.options import BeirArgument, model_loader
from eval.datasets.loading import load_only_beir
from eval.lab.checks import Check, checks_table
from eval.systems.instrumented_embedders import RecordingEmbedder
from indexer.build.pipeline import build
from indexer.cli.options import ModelOption, exit_on_error
from indexer.embedding import model_files
from indexer.embedding.precision import cpu_has_bfloat16

_BOUND = 0.85


def main(
    context: typer.Context,
    questions: BeirArgument,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each, in turn.")] = 3,
    model: ModelOption = None,
) -> None:
    """Time a build without a cache against encoding the same passages and sentences with the bare model."""
    with exit_on_error():
        dataset = load_only_beir(questions)
        embedder = model_loader(context)(model)
        encode = _bare(model)
        built: list[float] = []
        bare: list[float] = []
        for _ in range(runs):
            recorder = RecordingEmbedder(embedder)
            with tempfile.TemporaryDirectory(prefix="fundstelle-rate-") as folder:
                built.append(_seconds(lambda: build([dataset.corpus], Path(folder) / "index", recorder)))  # noqa: B023
            bare.append(_seconds(lambda: encode(recorder.texts)))  # noqa: B023
        ratio = statistics.median(a / b for a, b in zip(bare, built, strict=True))
        texts = len(recorder.texts)
    checks = [
        Check("passages and sentences", str(texts)),
        Check("build", f"{texts / statistics.median(built):.0f} a second"),
        Check("bare model", f"{texts / statistics.median(bare):.0f} a second"),
        Check("build against bare model", f"{ratio:.2f}", f"≥ {_BOUND}", ratio >= _BOUND),
    ]
    Console(width=100, markup=False).print(checks_table("build rate", checks))


def _bare(model: str | None) -> Callable[[Sequence[str]], object]:
    """The encoding of the model's library, in the precision of builds on this machine."""
    import torch
    from sentence_transformers import SentenceTransformer

    loaded = SentenceTransformer(
        str(model_files.locate(model)[1]), device="cpu", local_files_only=True
    ).eval()

    def encode(texts: Sequence[str]) -> object:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bfloat16()):
            return loaded.encode_document(list(texts), batch_size=32, show_progress_bar=False)

    return encode


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
