"""``scale.json``: the results of ``eval scale``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from eval.report.files import as_json, write_text
from indexer.errors import SourceError

SCALE = "scale.json"
_FORMAT = "fundstelle-scale-1"


@dataclass(frozen=True, slots=True)
class SizeResult:
    """Measurements of an index of one size, in seconds, bytes and milliseconds.

    ``changed_seconds``: a build after one document changed; ``changed_embedded``: texts it embedded;
    ``recall``: of the 100 nearest passages.
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


def write_scale(folder: Path, results: Sequence[SizeResult]) -> None:
    """Write ``scale.json``.

    Raises:
        SourceError: the folder cannot be written.
    """
    record = {"format": _FORMAT, "sizes": [asdict(result) for result in results]}
    write_text(folder, {SCALE: as_json(record) + "\n"})


def scale_file(path: Path) -> Path | None:
    """The ``scale.json`` that a path names, itself or by its folder; ``None`` for any other path."""
    file = path / SCALE if path.is_dir() else path
    return file if file.name == SCALE and file.is_file() else None


def read_scale(file: Path) -> list[SizeResult]:
    """The results of a record.

    Raises:
        SourceError: it is malformed or of another version.
    """
    try:
        record = json.loads(file.read_text("utf-8"))
        if record["format"] != _FORMAT:
            raise ValueError(f"format {record['format']!r}")
        results = [SizeResult(**row) for row in record["sizes"]]
        numbers = [getattr(result, field.name) for result in results for field in fields(SizeResult)]
        if not results or not all(isinstance(number, int | float) for number in numbers):
            raise ValueError("values are missing")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SourceError(f"{file}: no record of eval scale of this version ({reason})") from error
    return results
