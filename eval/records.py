"""Reading records back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eval.figures import FORMAT
from eval.report import RECORD
from indexer.errors import SourceError

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
