"""JSON Lines, plain or gzipped, with rows ``{"_id", "title", "text", …}`` as in BEIR."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.readers.encoding import decode


def read(path: Path) -> Iterator[RawDocument | tuple[str, str]]:
    """The documents of a file; a bad row yields ``(file:line, reason)`` and reading goes on."""
    try:
        data = path.read_bytes()
        text = decode(gzip.decompress(data) if path.suffix.lower() == ".gz" else data)
    except (OSError, EOFError, zlib.error, SourceError) as error:
        yield str(path), (error.strerror if isinstance(error, OSError) else None) or str(error)
        return
    if not text.strip():
        yield str(path), "empty"
        return
    # Not splitlines(): JSON strings may hold U+2028 and the like as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield _document(line, path)
            except SourceError as error:
                yield f"{path}:{number}", str(error)


def _document(line: str, path: Path) -> RawDocument:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise SourceError(f"no JSON: {error}") from error
    if not isinstance(row, dict):
        raise SourceError("no JSON object")
    identifier, text = row.get("_id"), row.get("text")
    if not isinstance(identifier, str | int) or not str(identifier):
        raise SourceError('field "_id" is missing')
    if not isinstance(text, str):
        raise SourceError('field "text" is missing')
    if not text.strip():
        raise SourceError(f'field "text" of {identifier!r} is empty')
    fields = {
        str(key).lower(): str(value)
        for key, value in row.items()
        if key not in ("_id", "text") and isinstance(value, str | int | float) and str(value).strip()
    }
    return RawDocument(str(identifier), path, text, "application/json", fields)
