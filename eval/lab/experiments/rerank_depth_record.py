"""TODO docstring."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from eval.report.files import as_json, write_text
from indexer.errors import SourceError

EFFORT = "effort.json"
_FORMAT = "fundstelle-effort-1"


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
