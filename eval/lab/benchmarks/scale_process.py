"""Build and search of one index in a process of its own, so that its peak memory is its own.

python -m eval.lab.benchmarks.scale_process build|search SOURCE INDEX    prints one line of JSON
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from eval.lab.process_memory import peak_memory
from eval.lab.synthetic_embedders import ClusteredEmbedder
from eval.metrics.ann_recall import recall
from indexer.build.pipeline import build
from indexer.index.generation import open_generation
from indexer.index.layout import GENERATIONS
from service.engine import Engine

#: Questions that are asked; those before the clock runs; those whose recall is measured.
_QUESTIONS, _WARM_UP, _RECALLED = 200, 20, 50


def measure_build(source: Path, index: Path) -> dict[str, Any]:
    """Build an index of a JSONL file; returns counts, seconds and bytes."""
    began = time.perf_counter()
    summary = build([source], index, ClusteredEmbedder())
    seconds = time.perf_counter() - began
    live = index / GENERATIONS / summary.generation
    return {
        "passages": summary.counts["passages"],
        "sentences": summary.counts["sentences"],
        "embedded": summary.embedded,
        "build_seconds": seconds,
        "build_bytes": peak_memory(),
        "disk_bytes": sum(path.stat().st_size for path in live.rglob("*") if path.is_file()),
    }


def measure_search(source: Path, index: Path) -> dict[str, Any]:
    """Open an index and search it with beginnings of its texts; returns times, bytes and recall."""
    embedder = ClusteredEmbedder()
    began = time.perf_counter()
    generation = open_generation(index, check_digests=False)
    engine = Engine.compose(generation, embedder)
    opened = time.perf_counter() - began
    with source.open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in itertools.islice(file, _QUESTIONS)]
    questions = [" ".join(text.split()[:8]) + "?" for text in texts]
    for question in questions[:_WARM_UP]:
        engine.search(question)
    milliseconds = []
    for question in questions:
        began = time.perf_counter()
        engine.search(question)
        milliseconds.append((time.perf_counter() - began) * 1000)
    found = recall(generation.passage_vectors, embedder.embed_questions(questions[:_RECALLED]))
    peak = peak_memory()
    began = time.perf_counter()
    open_generation(index).close()
    return {
        "open_seconds": opened,
        "verify_seconds": time.perf_counter() - began,
        "search_bytes": peak,
        "search_p50": statistics.median(milliseconds),
        "search_p95": float(np.percentile(milliseconds, 95)),
        "recall": found,
    }


if __name__ == "__main__":
    step, source, index = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    print(json.dumps({"build": measure_build, "search": measure_search}[step](source, index)))
