"""Figures of indexes of growing size, kept as a record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from eval.report.files import as_json, write_text
from indexer.errors import SourceError

GROWTH = "scale.json"
_FORMAT = "fundstelle-scale-1"


@dataclass(frozen=True, slots=True)
class Scale:
    """Figures of one size. Seconds, bytes, milliseconds; ``recall``: of the 100 nearest passages.

    ``changed_seconds``: a build after one document changed, ``changed_embedded``: texts embedded by it.
    """

    passages: int
    sentences: int
    build_seconds: float
    build_bytes: int
    disk_bytes: int
    changed_seconds: float
    changed_embedded: int
    open_seconds: float
    verify_seconds: float
    search_bytes: int
    search_p50: float
    search_p95: float
    recall: float

    @property
    def rate(self) -> float:
        """Texts a second of the whole build."""
        return (self.passages + self.sentences) / self.build_seconds


def write_growth(folder: Path, scales: Sequence[Scale]) -> None:
    """Write ``scale.json``.

    Raises:
        SourceError: the folder cannot be written.
    """
    record = {"format": _FORMAT, "sizes": [asdict(scale) for scale in scales]}
    write_text(folder, {GROWTH: as_json(record) + "\n"})


def growth_file(path: Path) -> Path | None:
    """The file of such a record, which may be named by its folder; ``None`` where the path names none."""
    file = path / GROWTH if path.is_dir() else path
    return file if file.name == GROWTH and file.is_file() else None


def read_growth(file: Path) -> list[Scale]:
    """The sizes of a record.

    Raises:
        SourceError: it is none.
    """
    try:
        record = json.loads(file.read_text("utf-8"))
        if record["format"] != _FORMAT:
            raise ValueError(f"format {record['format']!r}")
        found = [Scale(**row) for row in record["sizes"]]
        numbers = [getattr(scale, field.name) for scale in found for field in fields(Scale)]
        if not found or not all(isinstance(number, int | float) for number in numbers):
            raise ValueError("no figures")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SourceError(f"{file}: no record of eval scale of this version ({reason})") from error
    return found
