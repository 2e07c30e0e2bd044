"""From values per question to figures per language, and the record that keeps both."""

from __future__ import annotations

import datetime
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.datasets.question_file import QuestionSet
from eval.metrics.ranking import Values
from eval.metrics.significance import Estimate, estimate
from eval.runs.timing import Timings
from indexer.errors import SourceError

RECORD = "record.json"

FORMAT = 1
ALL = "all"
#: The one measure whose groups are pairs of languages.
PARITY = "parity"
_PACKAGES = ("fundstelle", "faiss-cpu", "ir_measures", "numpy", "sentence-transformers", "torch")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of a set came to.

    ``values``: measure → question → value; ``figures``: measure → language or ``all`` → estimate;
    ``details``: whatever else the set tells, such as the confusion matrix.
    """

    values: dict[str, Values]
    figures: dict[str, dict[str, Estimate]]
    details: dict[str, Any] = field(default_factory=dict)


def by_language(values: Values, queries: Sequence[Query]) -> dict[str, Estimate]:
    """Estimates over all questions and over those of each language."""
    known = [query for query in queries if query.query_id in values]
    cluster = {query.query_id: query.parallel for query in known}
    figures = {ALL: estimate(values, cluster)}
    languages = sorted({query.language for query in known})
    for language in languages if len(languages) > 1 else []:
        chosen = {q.query_id: values[q.query_id] for q in known if q.language == language}
        figures[language] = estimate(chosen, cluster)
    return figures


def by_pair(pairs: Mapping[str, Values]) -> tuple[Values, dict[str, Estimate]]:
    """The same for pairs of languages: values by ``parallel``, averaged over its pairs; estimates by pair."""
    collected: dict[str, list[float]] = {}
    for values in pairs.values():
        for parallel, value in values.items():
            collected.setdefault(parallel, []).append(value)
    means = {parallel: sum(found) / len(found) for parallel, found in collected.items()}
    return means, {ALL: estimate(means)} | {pair: estimate(pairs[pair]) for pair in sorted(pairs)}


def record(
    measured: Measured,
    source: Mapping[str, Any],
    system: Mapping[str, Any],
    settings: Mapping[str, Any],
    queries: Sequence[Query],
    timings: Timings,
) -> dict[str, Any]:
    """The run as one JSON object: enough to compare it with another, and to repeat it.

    The same input gives the same record, but for ``created`` and ``timings``.
    """
    return {
        "format": FORMAT,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "set": dict(source),
        "system": dict(system),
        "settings": dict(settings),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
        "figures": {
            measure: {group: asdict(figure) for group, figure in groups.items()}
            for measure, groups in measured.figures.items()
        },
        "details": measured.details,
        "queries": {q.query_id: {"language": q.language, "parallel": q.parallel} for q in queries},
        "values": measured.values,
        "timings": timings,
    }


def source_of(dataset: BeirSet | QuestionSet) -> dict[str, Any]:
    """A set as a record names it."""
    kind = "beir" if isinstance(dataset, BeirSet) else "questions"
    return {"name": dataset.name, "kind": kind, "sha256": dataset.digest}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


_OBJECTS = ("set", "system", "settings", "figures", "details", "queries", "values")


def record_file(path: Path) -> Path:
    """The file of a record, which may be named by its folder."""
    return path / RECORD if path.is_dir() else path


def read_record(path: Path) -> dict[str, Any]:
    """The record of a run: its file, or the folder it was written to.

    Raises:
        SourceError: there is none, or it is not one.
    """
    file = record_file(path)
    try:
        record = json.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or f"no JSON: {error}"
        raise SourceError(f"{file}: {reason}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise SourceError(f"{file}: no record of a run of this version")
    missing = [name for name in _OBJECTS if not isinstance(record.get(name), dict)]
    if missing:
        raise SourceError(f"{file}: no record of a run, {missing[0]!r} is missing")
    return record
