"""Pools: the retrieved passages of the questions of a set, among them hard negatives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.runs.runner import Track, without_progress
from indexer.build.pipeline import build
from indexer.build.report import ReportProgress
from indexer.embedding.embedder import Embedder
from indexer.index.generation import open_generation
from service.engine import Engine

#: Passages kept for each question.
DEPTH = 20


@dataclass(frozen=True, slots=True)
class PooledPassage:
    """A retrieved passage."""

    document_id: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Pool:
    """A question with its retrieved passages, best first, and its relevant documents."""

    query_id: str
    question: str
    language: str
    relevant: tuple[str, ...]
    unanswerable: bool
    found: tuple[PooledPassage, ...]

    @property
    def about(self) -> tuple[str, ...]:
        """The relevant documents; of an unanswerable question that of the first passage."""
        return self.relevant or tuple(hit.document_id for hit in self.found[:1])


def pools(
    dataset: BeirSet,
    cache: Path,
    embedder: Embedder,
    report: ReportProgress,
    track: Track[Query] = without_progress,
) -> list[Pool]:
    """The pools of all questions of a set, cached in a folder with the index of the set."""
    folder = cache / dataset.name
    summary = build([dataset.corpus], folder, embedder, keep=1, report=report)
    file = folder / f"pools-{summary.generation.split('-')[-1]}-{dataset.digest[:16]}.json"
    if file.is_file():
        return [_read(row) for row in json.loads(file.read_text("utf-8"))]
    found: list[Pool] = []
    with closing(open_generation(folder)) as generation:
        engine = Engine.compose(generation, embedder)
        spans = generation.passages
        for query in track(dataset.queries, f"asking {dataset.name}"):
            _, hits = engine.search(query.text, DEPTH)
            rows = []
            for hit in hits:
                document = generation.store.document(int(spans.document[hit.passage]))
                start, end = int(spans.start[hit.passage]), int(spans.end[hit.passage])
                rows.append(PooledPassage(document.document_id, document.text[start:end], hit.score))
            relevant = tuple(i for i, grade in dataset.qrels[query.query_id].items() if grade > 0)
            found.append(
                Pool(query.query_id, query.text, query.language, relevant, query.unanswerable, tuple(rows))
            )
    file.write_text(json.dumps([asdict(pool) for pool in found], ensure_ascii=False), "utf-8")
    return found


def _read(row: dict[str, object]) -> Pool:
    found: Sequence[dict[str, object]] = row["found"]  # type: ignore[assignment]
    relevant: Sequence[str] = row["relevant"]  # type: ignore[assignment]
    return Pool(**{**row, "relevant": tuple(relevant), "found": tuple(PooledPassage(**hit) for hit in found)})  # type: ignore[arg-type]
