"""How fast a build is against the bare model on the same texts, in one process and run.

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

from eval.datasets.beir import BeirSet
from eval.datasets.loading import load
from eval.lab.checks import Figure, table
from eval.systems.instrumented_embedders import Around
from indexer.arrays import Vectors
from indexer.build.pipeline import build
from indexer.cli.options import ModelOption, exit_on_error
from indexer.embedding import model_files
from indexer.embedding.embedder import Embedder, Progress
from indexer.embedding.precision import cpu_has_bfloat16
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.errors import FundstelleError

_BOUND = 0.85


class Noting(Around):
    """Keeps the passages and sentences that were embedded."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(embedder)
        self.texts: list[str] = []

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.texts += texts
        return super().embed_passages(texts, progress)


def main(
    questions: Annotated[Path, typer.Argument(metavar="SET", help="A BEIR folder.", show_default=False)],
    runs: Annotated[int, typer.Option(min=1, help="How often each, in turn.")] = 3,
    model: ModelOption = None,
) -> None:
    """Time a build from nothing against encoding the same passages and sentences with the bare model."""
    with exit_on_error():
        dataset = load(questions)
        if not isinstance(dataset, BeirSet):
            raise FundstelleError(f"{questions}: a BEIR folder is needed")
        embedder = SentenceTransformerEmbedder.load(model)
        encode = _bare(model)
        built: list[float] = []
        bare: list[float] = []
        for _ in range(runs):
            noting = Noting(embedder)
            with tempfile.TemporaryDirectory(prefix="fundstelle-rate-") as folder:
                built.append(_seconds(lambda: build([dataset.corpus], Path(folder) / "index", noting)))  # noqa: B023
            bare.append(_seconds(lambda: encode(noting.texts)))  # noqa: B023
        ratio = statistics.median(a / b for a, b in zip(bare, built, strict=True))
        texts = len(noting.texts)
    figures = [
        Figure("passages and sentences", str(texts)),
        Figure("build", f"{texts / statistics.median(built):.0f} a second"),
        Figure("bare model", f"{texts / statistics.median(bare):.0f} a second"),
        Figure("build against bare model", f"{ratio:.2f}", f"≥ {_BOUND}", ratio >= _BOUND),
    ]
    Console(width=100, markup=False).print(table("build rate", figures))


def _bare(model: str | None) -> Callable[[Sequence[str]], object]:
    """The model as its library gives it, in the precision that builds have here."""
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
