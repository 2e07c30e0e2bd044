"""How well passages of other sizes, overlaps and groupings are found: an index of every set for each."""

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
from eval.systems.instrumented_embedders import RememberingEmbedder
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

#: Opens a bar for a build that is named.
Building = Callable[[str], AbstractContextManager[ReportProgress]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents with questions to them whose answers are known."""

    name: str
    source: Path
    dataset: BeirSet | QuestionSet

    @property
    def measure(self) -> str:
        return RANKED if isinstance(self.dataset, BeirSet) else FOUND

    @property
    def queries(self) -> tuple[Query, ...]:
        """The questions that tell something about a ranking."""
        if isinstance(self.dataset, BeirSet):
            return self.dataset.judged
        return tuple(case.query for case in self.dataset.cases if case.gold)


def combinations(
    sizes: Sequence[int], overlaps: Sequence[int], groupings: Sequence[Grouping], every: bool = False
) -> list[Chunking]:
    """What to compare, the default first: it with one thing changed at a time, or ``every`` combination.

    Raises:
        ValueError: an overlap is no smaller than the passages it is for.
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
                f"an overlap of {chunking.overlap} leaves nothing new in passages of {chunking.size}"
            )
    return list(dict.fromkeys([default, *varied]))


def corpora(sets: Sequence[Path], reports: Path | None, questions: Path | None) -> list[Corpus]:
    """The BEIR folders and, where given, the reports with their question file; these first, being small.

    Raises:
        SourceError: something is missing or malformed, or two sets have one name.
    """
    found: list[Corpus] = []
    if reports and questions:
        if not reports.exists():
            raise SourceError(f"{reports}: no folder or file there")
        found.append(Corpus(REPORTS, reports, load_questions(questions)))
    for path in sets:
        dataset = load_beir(path)
        found.append(Corpus(dataset.name, dataset.corpus, dataset))
    names = [corpus.name for corpus in found]
    for corpus in found:
        if names.count(corpus.name) > 1:
            raise SourceError(f"two sets are called {corpus.name!r}, the table could not tell them apart")
        if not corpus.queries:
            raise SourceError(f"{corpus.name}: no question says which document or sentence answers it")
    return found


def compare_chunkings(
    compared: Sequence[Corpus],
    chunkings: Sequence[Chunking],
    cache: Path,
    embedder: Embedder,
    building: Building,
    track: runner.Track[Query] = runner.untracked,
) -> dict[str, Any]:
    """Figures of every set under every chunking, as a JSON object; differences are from the first chunking.

    Indexes are built below ``cache``, one folder a set, so that only passages not met before are embedded.

    Raises:
        SourceError: a set cannot be indexed, or its gold sentences are not in its documents.
    """
    remembering = RememberingEmbedder(embedder)
    rows: list[dict[str, Any]] = []
    base: dict[str, Values] = {}
    for number, (chunking, corpus) in enumerate(product(chunkings, compared), start=1):
        label = f"{number} of {len(chunkings) * len(compared)}, {corpus.name}"
        with building(label) as report:
            # As many as there are kinds: with fewer, a kind's vectors are forgotten before its next turn.
            kept = len(chunkings)
            build([corpus.source], cache / corpus.name, embedder, chunking=chunking, keep=kept, report=report)
        with closing(Engine.of(open_generation(cache / corpus.name), remembering)) as engine:
            values = _values(corpus, LocalSystem(engine), track, label)
            passages = engine.generation.passages
            rows.append(
                {
                    "set": corpus.name,
                    "measure": corpus.measure,
                    "chunking": asdict(chunking),
                    "passages": len(passages),
                    "mean_length": round(float(np.mean(passages.end - passages.start)), 1),
                    **_figures(values, base.setdefault(corpus.name, values), corpus.queries),
                }
            )
    return {
        "format": FORMAT,
        "model": {"name": embedder.name, "digest": embedder.digest},
        "sets": {corpus.name: {"sha256": corpus.dataset.digest} for corpus in compared},
        "rows": rows,
    }


def _values(corpus: Corpus, system: System, track: runner.Track[Query], label: str) -> Values:
    """The set's measure for each of its questions, by the full ranking."""

    def labelled(queries: Sequence[Query], what: str) -> Any:
        return track(queries, f"{label}: {what}")

    dataset, queries = corpus.dataset, corpus.queries
    if isinstance(dataset, BeirSet):
        run = runner.rank(queries, system, labelled).run
        return ranking_values({q.query_id: dataset.qrels[q.query_id] for q in queries}, run)[RANKED]
    gold = answers.gold_places(dataset.cases, system)
    hits = {q.query_id: system.search(q.text, answers.FIRST_HITS) for q in labelled(queries, "searching")}
    return answers.gold_in_first_hits(gold, hits)


def _figures(values: Values, base: Mapping[str, float], queries: Sequence[Query]) -> dict[str, Any]:
    compared = compare(base, values, {query.query_id: query.parallel for query in queries})
    return {
        "figures": {group: asdict(figure) for group, figure in by_language(values, queries).items()},
        "difference": asdict(compared.difference),
        "p": compared.p,
        "values": values,
    }
