"""The record of a run: values for each question, estimates for each language, circumstances."""

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
#: A record, as it is written to ``record.json``.
Record = Mapping[str, Any]

ALL = "all"
#: The measure whose groups are pairs of languages.
PARITY = "parity"
_PACKAGES = ("fundstelle", "faiss-cpu", "ir_measures", "numpy", "sentence-transformers", "torch")


@dataclass(frozen=True, slots=True)
class Measurements:
    """The measures of one run.

    ``values``: measure → question → value; ``estimates``: measure → language or ``all`` → estimate;
    ``details``: further results, such as the confusion matrix.
    """

    values: dict[str, Values]
    estimates: dict[str, dict[str, Estimate]]
    details: dict[str, Any] = field(default_factory=dict)


def by_language(values: Values, queries: Sequence[Query]) -> dict[str, Estimate]:
    """Estimates over all questions and over those of each language."""
    measured = [query for query in queries if query.query_id in values]
    cluster = {query.query_id: query.parallel for query in measured}
    estimates = {ALL: estimate(values, cluster)}
    languages = sorted({query.language for query in measured})
    for language in languages if len(languages) > 1 else []:
        chosen = {q.query_id: values[q.query_id] for q in measured if q.language == language}
        estimates[language] = estimate(chosen, cluster)
    return estimates


def by_pair(pairs: Mapping[str, Values]) -> tuple[Values, dict[str, Estimate]]:
    """Values by ``parallel``, averaged over the pairs of languages, and estimates for each pair."""
    collected: dict[str, list[float]] = {}
    for values in pairs.values():
        for parallel, value in values.items():
            collected.setdefault(parallel, []).append(value)
    means = {parallel: sum(found) / len(found) for parallel, found in collected.items()}
    return means, {ALL: estimate(means)} | {pair: estimate(pairs[pair]) for pair in sorted(pairs)}


def new_record(
    measurements: Measurements,
    source: Mapping[str, Any],
    system: Mapping[str, Any],
    settings: Mapping[str, Any],
    queries: Sequence[Query],
    timings: Timings,
) -> dict[str, Any]:
    """The run as one JSON object, which suffices to repeat it and to compare it with others.

    Equal input gives an equal record except for ``created`` and ``timings``.
    """
    return {
        "format": FORMAT,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "set": dict(source),
        "system": dict(system),
        "settings": dict(settings),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
        "figures": {
            measure: {group: asdict(estimated) for group, estimated in groups.items()}
            for measure, groups in measurements.estimates.items()
        },
        "details": measurements.details,
        "queries": {q.query_id: {"language": q.language, "parallel": q.parallel} for q in queries},
        "values": measurements.values,
        "timings": timings,
    }


def source_of(dataset: BeirSet | QuestionSet) -> dict[str, Any]:
    """Name, kind and digest of a set, as a record has them."""
    kind = "beir" if isinstance(dataset, BeirSet) else "questions"
    return {"name": dataset.name, "kind": kind, "sha256": dataset.digest}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


_OBJECTS = ("set", "system", "settings", "figures", "details", "queries", "values")


def record_file(path: Path) -> Path:
    """The ``record.json`` that a path names, itself or by its folder."""
    return path / RECORD if path.is_dir() else path


def read_record(path: Path) -> dict[str, Any]:
    """Read the record of a run from its file or folder.

    Raises:
        SourceError: the file is missing, malformed, or of another version.
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
