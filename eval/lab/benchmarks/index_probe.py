"""What it takes to open an index as it is and to search it with a set's questions, encoding left out.

python -m eval probe SET --index I
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from eval.console.progress import tracked
from eval.datasets.beir import BeirSet
from eval.datasets.loading import load
from eval.lab.benchmarks.memory import peak
from eval.lab.checks import Figure, table
from eval.metrics.ann_recall import COMPARED, recall
from eval.systems.instrumented_embedders import RememberingEmbedder
from indexer.cli.options import IndexOption, ModelOption, exit_on_error
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.errors import FundstelleError
from indexer.index.generation import open_generation
from service.engine import Engine

#: Milliseconds of a search without encoding, share of the exactly nearest, seconds to open.
_SEARCH, _RECALL, _OPEN = 20.0, 0.99, 1.0
_WARM_UP = 20


def main(
    questions: Annotated[Path, typer.Argument(metavar="SET", help="A BEIR folder.", show_default=False)],
    index: IndexOption,
    limit: Annotated[int, typer.Option(min=1, help="At most so many questions.")] = 500,
    model: ModelOption = None,
) -> None:
    """Open an index, search it with the questions of SET, and print times, memory and recall."""
    with exit_on_error():
        dataset = load(questions)
        if not isinstance(dataset, BeirSet):
            raise FundstelleError(f"{questions}: a BEIR folder is needed")
        texts = [query.text for query in dataset.queries[:limit]]
        # Before the model is there: its memory is no part of the index's.
        began = time.perf_counter()
        open_generation(index).close()
        verified = time.perf_counter() - began
        embedder = RememberingEmbedder(SentenceTransformerEmbedder.load(model))
        began = time.perf_counter()
        generation = open_generation(index, check_digests=False)
        engine = Engine.of(generation, embedder)
        opened = time.perf_counter() - began
        for text in tracked(texts, "encoding"):
            embedder.embed_questions([text])
        taken = [_milliseconds(engine, text) for text in [*texts[:_WARM_UP], *texts]][-len(texts) :]
        found = recall(generation.passage_vectors, embedder.embed_questions(texts[:50]))
        p95 = float(np.percentile(taken, 95))
        counts = generation.manifest.counts
        figures = [
            Figure("passages / sentences", f"{counts['passages']:,} / {counts['sentences']:,}"),
            Figure("opening, digests checked", f"{verified:.2f} s", f"≤ {_OPEN:g} s", verified <= _OPEN),
            Figure("opening without", f"{opened:.2f} s", f"≤ {_OPEN:g} s", opened <= _OPEN),
            Figure("search, median", f"{statistics.median(taken):.1f} ms"),
            Figure("search, p95", f"{p95:.1f} ms", f"≤ {_SEARCH:g} ms", p95 <= _SEARCH),
            Figure(f"recall@{COMPARED} against exact", f"{found:.4f}", f"≥ {_RECALL}", found >= _RECALL),
            Figure("peak memory with the model", f"{peak() / 1e9:.2f} GB"),
        ]
        generation.close()
    Console(width=100, markup=False).print(table(f"{len(texts)} questions", figures))


def _milliseconds(engine: Engine, text: str) -> float:
    began = time.perf_counter()
    engine.search(text)
    return (time.perf_counter() - began) * 1000
