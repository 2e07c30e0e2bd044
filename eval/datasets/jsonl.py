"""Rows of JSON Lines files; errors name the file and the line."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexer.errors import SourceError


def existing(folder: Path, *names: str) -> Path:
    """The first of these files that is in the folder.

    Raises:
        SourceError: the folder has none of them.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise SourceError(f"{folder}: no {' or '.join(names)} there")


def rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """``(file:line, row)`` of each row of a JSONL file.

    Raises:
        SourceError: a line is no JSON object, or the file cannot be read.
    """
    for number, line in enumerate(lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SourceError(f"{path}:{number}: no JSON: {error}") from error
        if not isinstance(row, dict):
            raise SourceError(f"{path}:{number}: no JSON object")
        yield f"{path}:{number}", row


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, plain or gzipped.

    Raises:
        SourceError: it cannot be read.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            yield from file
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SourceError(f"{path}: cannot be read ({reason})") from error


def text(row: dict[str, Any], field: str, where: str) -> str:
    """A field of a row that must not be empty.

    Raises:
        SourceError: it is missing or empty.
    """
    value = row.get(field)
    found = str(value).strip() if isinstance(value, str | int) else ""
    if not found:
        raise SourceError(f'{where}: field "{field}" is missing')
    return found


def digest(*paths: Path) -> str:
    """sha256 over the bytes of the files: only runs on equal digests are comparable."""
    sha256 = hashlib.sha256()
    for path in paths:
        sha256.update(path.read_bytes())
    return sha256.hexdigest()
