"""Retrieval quality of passages of different sizes, overlaps and groupings, each in an index of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from eval.datasets.beir import BeirSet, load_beir
from eval.datasets.query import Query
from eval.datasets.question_file import QuestionSet, load_questions
from eval.metrics import answers
from eval.metrics.ranking import Values, ranking_values
from eval.metrics.significance import compare
from eval.runs import runner
from eval.runs.record import by_language
from eval.systems.instrumented_embedders import MemoizingEmbedder
from eval.systems.local import LocalSystem
from eval.systems.protocol import System
from indexer.build.pipeline import build
from indexer.build.report import ReportProgress
from indexer.embedding.embedder import Embedder
from indexer.errors import SourceError
from indexer.index.generation import open_generation
from indexer.preprocessing.chunking import Chunking, Grouping
from service.engine import Engine

FORMAT = 1
REPORTS = "reports"
RANKED = "nDCG@10"
FOUND = "gold in first hits"

#: Opens a progress bar for the named build.
BuildProgress = Callable[[str], AbstractContextManager[ReportProgress]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents, and questions to them with known answers."""

    name: str
    source: Path
    dataset: BeirSet | QuestionSet

    @property
    def measure(self) -> str:
        return RANKED if isinstance(self.dataset, BeirSet) else FOUND

    @property
    def queries(self) -> tuple[Query, ...]:
        """The questions that a ranking can be measured by."""
        if isinstance(self.dataset, BeirSet):
            return self.dataset.judged
        return tuple(case.query for case in self.dataset.cases if case.gold)


def combinations(
    sizes: Sequence[int], overlaps: Sequence[int], groupings: Sequence[Grouping], every: bool = False
) -> list[Chunking]:
    """The compared chunkings, the default first: one change to it at a time, or every combination.

    Raises:
        ValueError: an overlap is not smaller than its passages.
    """
    default = Chunking()
    if every:
        varied = [Chunking(*values) for values in product(sizes, overlaps, groupings)]
    else:
        varied = [
            *(replace(default, size=size) for size in sizes),
            *(replace(default, overlap=overlap) for overlap in overlaps),
            *(replace(default, grouping=grouping) for grouping in groupings),
        ]
    for chunking in varied:
        if chunking.overlap >= chunking.size:
            raise ValueError(
                f"an overlap of {chunking.overlap} is not smaller than passages of {chunking.size}"
            )
    return list(dict.fromkeys([default, *varied]))


def corpora(sets: Sequence[Path], reports: Path | None, questions: Path | None) -> list[Corpus]:
    """The reports with their question file, if given, then the BEIR folders.

    Raises:
        SourceError: something is missing or malformed, or two sets have the same name.
    """
    found: list[Corpus] = []
    if reports and questions:
        if not reports.exists():
            raise SourceError(f"{reports}: no such folder or file")
        found.append(Corpus(REPORTS, reports, load_questions(questions)))
    for path in sets:
        dataset = load_beir(path)
        found.append(Corpus(dataset.name, dataset.corpus, dataset))
    names = [corpus.name for corpus in found]
    for corpus in found:
        if names.count(corpus.name) > 1:
            raise SourceError(f"two sets are called {corpus.name!r}, which names their rows")
        if not corpus.queries:
            raise SourceError(f"{corpus.name}: no question has a relevant document or gold sentence")
    return found


def compare_chunkings(
    compared: Sequence[Corpus],
    chunkings: Sequence[Chunking],
    cache: Path,
    embedder: Embedder,
    named_progress: BuildProgress,
    track: runner.Track[Query] = runner.without_progress,
) -> dict[str, Any]:
    """Measures of every set under every chunking, as a JSON object, with differences from the first chunking.

    Indexes are built below ``cache``, one folder for each set, so that only new passages are embedded.

    Raises:
        SourceError: a set cannot be indexed, or its gold sentences are not in its documents.
    """
    memoizing = MemoizingEmbedder(embedder)
    rows: list[dict[str, Any]] = []
    base: dict[str, Values] = {}
    for number, (chunking, corpus) in enumerate(product(chunkings, compared), start=1):
        label = f"{number} of {len(chunkings) * len(compared)}, {corpus.name}"
        with named_progress(label) as report:
            # The cache keeps the vectors of as many generations: of every chunking.
            keep = len(chunkings)
            build([corpus.source], cache / corpus.name, embedder, chunking=chunking, keep=keep, report=report)
        with closing(Engine.compose(open_generation(cache / corpus.name), memoizing)) as engine:
            values = _values(corpus, LocalSystem(engine), track, label)
            passages = engine.generation.passages
            rows.append(
                {
                    "set": corpus.name,
                    "measure": corpus.measure,
                    "chunking": asdict(chunking),
                    "passages": len(passages),
                    "mean_length": round(float(np.mean(passages.end - passages.start)), 1),
                    **_estimates(values, base.setdefault(corpus.name, values), corpus.queries),
                }
            )
    return {
        "format": FORMAT,
        "model": {"name": embedder.name, "digest": embedder.digest},
        "sets": {corpus.name: {"sha256": corpus.dataset.digest} for corpus in compared},
        "rows": rows,
    }


def _values(corpus: Corpus, system: System, track: runner.Track[Query], label: str) -> Values:
    """The measure of the set for each of its questions, by the full ranking."""

    def labelled(queries: Sequence[Query], description: str) -> Any:
        return track(queries, f"{label}: {description}")

    dataset, queries = corpus.dataset, corpus.queries
    if isinstance(dataset, BeirSet):
        run = runner.rank(queries, system, labelled).run
        return ranking_values({q.query_id: dataset.qrels[q.query_id] for q in queries}, run)[RANKED]
    gold = answers.gold_spans(dataset.cases, system)
    found = {
        q.query_id: system.search(q.text, answers.FIRST_PASSAGES) for q in labelled(queries, "searching")
    }
    return answers.gold_in_first_passages(gold, found)


def _estimates(values: Values, base: Mapping[str, float], queries: Sequence[Query]) -> dict[str, Any]:
    compared = compare(base, values, {query.query_id: query.parallel for query in queries})
    return {
        "figures": {group: asdict(estimate) for group, estimate in by_language(values, queries).items()},
        "difference": asdict(compared.difference),
        "p": compared.p,
        "values": values,
    }
