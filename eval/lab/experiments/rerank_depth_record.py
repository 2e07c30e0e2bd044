"""``effort.json``: the results of ``eval reader effort``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from eval.report.files import as_json, write_text
from indexer.errors import SourceError

RERANK_DEPTH = "effort.json"
_FORMAT = "fundstelle-effort-1"


@dataclass(frozen=True, slots=True)
class DepthResult:
    """Measures under one rerank setting. ``milliseconds``, ``p95``: of a whole answer.

    ``refused``: share of the unanswerable questions that were not answered; ``None`` if the set has none.
    """

    name: str
    ndcg: float
    first_citation: float
    answered: float
    refused: float | None
    milliseconds: float
    p95: float


def write_rerank_depth(folder: Path, dataset: str, reader: str, results: Sequence[DepthResult]) -> None:
    """Write ``effort.json``.

    Raises:
        SourceError: the folder cannot be written.
    """
    rows = [asdict(result) for result in results]
    record = {"format": _FORMAT, "set": dataset, "reader": reader, "plans": rows}
    write_text(folder, {RERANK_DEPTH: as_json(record) + "\n"})


def rerank_depth_file(path: Path) -> Path | None:
    """The ``effort.json`` that a path names, itself or by its folder; ``None`` for any other path."""
    file = path / RERANK_DEPTH if path.is_dir() else path
    return file if file.name == RERANK_DEPTH and file.is_file() else None


def read_rerank_depth(file: Path) -> list[DepthResult]:
    """The results of a record.

    Raises:
        SourceError: it is malformed or of another version.
    """
    try:
        record: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if record["format"] != _FORMAT:
            raise ValueError(f"format {record['format']!r}")
        results = [DepthResult(**row) for row in record["plans"]]
        numbers = [getattr(it, f.name) for it in results for f in fields(DepthResult) if f.name != "name"]
        if not results or not all(value is None or isinstance(value, int | float) for value in numbers):
            raise ValueError("values are missing")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SourceError(f"{file}: no record of eval reader effort of this version ({reason})") from error
    return results
