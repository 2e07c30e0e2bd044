"""What reading more passages gains, and what it costs: figures and times of one set under several plans."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from eval import answers
from eval.datasets import BeirSet, Query
from eval.metrics import ranking_values
from eval.report import as_json, write_text
from eval.runs import DEPTH, Ranked, Track, first_of_each_language, untracked
from eval.systems import LocalSystem, Reply
from eval.timing import WARM_UP
from indexer.errors import SourceError
from service.reading.passages import Plan

EFFORT = "effort.json"
_FORMAT = "fundstelle-effort-1"
#: ``None``: nothing is read. The default is among them.
PLANS: dict[str, Plan | None] = {
    "off": None,
    **{f"{n} of 600": Plan(passages=n, first=n) for n in (1, 2, 3, 4, 6)},
    **{f"2 or 4 of {n}": Plan(passages=4, first=2, characters=n) for n in (300, 900)},
    "default": Plan(),
}


@dataclass(frozen=True, slots=True)
class Effort:
    """Figures of one plan; ``milliseconds``: of a whole answer. ``refused``: share of the questions without
    an answer that get none; ``None`` where the set has no such questions."""

    name: str
    ndcg: float
    first_citation: float
    answered: float
    refused: float | None
    milliseconds: float
    p95: float


@dataclass(slots=True)
class _Taken:
    ranked: Ranked = field(default_factory=Ranked)
    replies: dict[str, Reply] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)


def measure(
    dataset: BeirSet,
    systems: Mapping[str, LocalSystem],
    limit: int | None = None,
    track: Track[Query] = untracked,
) -> list[Effort]:
    """Ask every question of every system in turn, so that what disturbs one disturbs all."""
    others = [query for query in dataset.queries if query.unanswerable]
    judged = [query for query in dataset.judged if not query.unanswerable]
    known = first_of_each_language(judged, limit)
    asked = [*known, *first_of_each_language(others, limit)]
    taken = {name: _Taken() for name in systems}
    for query in asked[:WARM_UP]:
        for system in systems.values():
            system.ask(query.text)
    for query in track(asked, "asking"):
        for name, system in systems.items():
            began = time.perf_counter()
            taken[name].replies[query.query_id] = system.ask(query.text)
            taken[name].milliseconds.append((time.perf_counter() - began) * 1000)
            if not query.unanswerable:
                taken[name].ranked.add(query.query_id, system.search(query.text, DEPTH))
    return [_effort(name, it, dataset, known, asked) for name, it in taken.items()]


def _effort(
    name: str, taken: _Taken, dataset: BeirSet, known: Sequence[Query], asked: Sequence[Query]
) -> Effort:
    qrels = {query.query_id: dataset.qrels[query.query_id] for query in known}
    unknown = [query for query in asked if query.unanswerable]
    return Effort(
        name,
        ndcg=mean(ranking_values(qrels, taken.ranked.run)["nDCG@10"].values()),
        first_citation=mean(answers.holds_answer(known, taken.replies, first=1).values() or (0.0,)),
        answered=mean(answers.answered(known, taken.replies).values()),
        refused=1 - mean(answers.answered(unknown, taken.replies).values()) if unknown else None,
        milliseconds=median(taken.milliseconds),
        p95=float(np.percentile(taken.milliseconds, 95)),
    )


def write_efforts(folder: Path, dataset: str, reader: str, efforts: Sequence[Effort]) -> None:
    """Write ``effort.json``.

    Raises:
        SourceError: the folder cannot be written.
    """
    rows = [asdict(effort) for effort in efforts]
    record = {"format": _FORMAT, "set": dataset, "reader": reader, "plans": rows}
    write_text(folder, {EFFORT: as_json(record) + "\n"})


def effort_file(path: Path) -> Path | None:
    """The file of such a record, which may be named by its folder; ``None`` where the path names none."""
    file = path / EFFORT if path.is_dir() else path
    return file if file.name == EFFORT and file.is_file() else None


def read_efforts(file: Path) -> list[Effort]:
    """The plans of a record.

    Raises:
        SourceError: it is none.
    """
    try:
        record: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if record["format"] != _FORMAT:
            raise ValueError(f"format {record['format']!r}")
        found = [Effort(**row) for row in record["plans"]]
        numbers = [getattr(it, f.name) for it in found for f in fields(Effort) if f.name != "name"]
        if not found or not all(value is None or isinstance(value, int | float) for value in numbers):
            raise ValueError("no figures")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SourceError(f"{file}: no record of eval reader effort of this version ({reason})") from error
    return found
