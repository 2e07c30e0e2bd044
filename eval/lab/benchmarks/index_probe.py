"""Time, memory and recall of an existing index, without encoding the questions.

python -m eval probe SET --index I
"""

from __future__ import annotations

import statistics
import time
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from eval.console.options import BeirArgument, model_loader
from eval.console.progress import track
from eval.datasets.loading import load_only_beir
from eval.lab.checks import Check, checks_table
from eval.lab.process_memory import peak_memory
from eval.metrics.ann_recall import COMPARED, recall
from eval.systems.instrumented_embedders import MemoizingEmbedder
from indexer.cli.options import IndexOption, ModelOption, exit_on_error
from indexer.index.generation import open_generation
from service.engine import Engine

#: Bounds: milliseconds of a search without encoding, recall, seconds to open.
_SEARCH_MS, _RECALL, _OPEN_SECONDS = 20.0, 0.99, 1.0
_WARM_UP = 20


def main(
    context: typer.Context,
    questions: BeirArgument,
    index: IndexOption,
    limit: Annotated[int, typer.Option(min=1, help="Most questions.")] = 500,
    model: ModelOption = None,
) -> None:
    """Open an index, search it with the questions of SET, and print times, memory and recall."""
    with exit_on_error():
        dataset = load_only_beir(questions)
        texts = [query.text for query in dataset.queries[:limit]]
        # Before the model is loaded, whose memory is not the index's.
        began = time.perf_counter()
        open_generation(index).close()
        verified = time.perf_counter() - began
        embedder = MemoizingEmbedder(model_loader(context)(model))
        began = time.perf_counter()
        generation = open_generation(index, check_digests=False)
        engine = Engine.compose(generation, embedder)
        opened = time.perf_counter() - began
        for text in track(texts, "encoding"):
            embedder.embed_questions([text])
        milliseconds = [_milliseconds(engine, text) for text in [*texts[:_WARM_UP], *texts]][-len(texts) :]
        found = recall(generation.passage_vectors, embedder.embed_questions(texts[:50]))
        p95 = float(np.percentile(milliseconds, 95))
        counts = generation.manifest.counts
        checks = [
            Check("passages / sentences", f"{counts['passages']:,} / {counts['sentences']:,}"),
            Check(
                "opening, digests checked",
                f"{verified:.2f} s",
                f"≤ {_OPEN_SECONDS:g} s",
                verified <= _OPEN_SECONDS,
            ),
            Check("opening without", f"{opened:.2f} s", f"≤ {_OPEN_SECONDS:g} s", opened <= _OPEN_SECONDS),
            Check("search, median", f"{statistics.median(milliseconds):.1f} ms"),
            Check("search, p95", f"{p95:.1f} ms", f"≤ {_SEARCH_MS:g} ms", p95 <= _SEARCH_MS),
            Check(f"recall@{COMPARED} against exact", f"{found:.4f}", f"≥ {_RECALL}", found >= _RECALL),
            Check("peak memory with the model", f"{peak_memory() / 1e9:.2f} GB"),
        ]
        generation.close()
    Console(width=100, markup=False).print(checks_table(f"{len(texts)} questions", checks))


def _milliseconds(engine: Engine, text: str) -> float:
    began = time.perf_counter()
    engine.search(text)
    return (time.perf_counter() - began) * 1000
