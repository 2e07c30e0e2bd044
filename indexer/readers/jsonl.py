"""JSON Lines, plain or gzipped, with rows ``{"_id", "title", "text", …}`` as in BEIR."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.readers.encoding import decode, has_controls


def read(path: Path) -> Iterator[RawDocument | tuple[str, str]]:
    """The documents of a file; a bad row yields ``(file:line, reason)`` and reading goes on."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix.lower() == ".gz" else data
        if b"\0" in data:
            # JSON in UTF-8 cannot hold a zero byte: UTF-16, UTF-32, or no text at all.
            data = decode(data).encode("utf-8")
    except (OSError, EOFError, zlib.error, SourceError) as error:
        yield str(path), (error.strerror if isinstance(error, OSError) else None) or str(error)
        return
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        yield str(path), "empty"
        return
    # Not splitlines(): JSON strings may hold U+2028 and the like as they are.
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            try:
                yield _document(line, path)
            except SourceError as error:
                yield f"{path}:{number}", str(error)


def _document(line: bytes, path: Path) -> RawDocument:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        # JSON is UTF-8 (RFC 8259); a guess at another encoding would put wrong letters into quotations.
        raise SourceError(f"no UTF-8 at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"no JSON: {error}") from error
    if not isinstance(row, dict):
        raise SourceError("no JSON object")
    identifier, text = row.get("_id"), row.get("text")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int) or not str(identifier).strip():
        raise SourceError('field "_id" is missing')
    if has_controls(str(identifier)):
        raise SourceError(f'field "_id" holds control characters: {identifier!r}')
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
