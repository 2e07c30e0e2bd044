"""Reader of JSON Lines, plain or gzipped, with rows ``{"_id", "title", "text", …}`` as in BEIR."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from indexer.errors import SourceError
from indexer.sources.encoding import decode, has_controls

#: Bytes of a line that is read, of one that is skipped before the file is given up, and of the start of a
#: file by which its encoding is detected.
_MAX_LINE, _MAX_SKIPPED, _HEAD = 64_000_000, 500_000_000, 1 << 16


@dataclass(frozen=True, slots=True)
class Row:
    """A document of a file: its id, its text, and its other columns by name in lower case."""

    document_id: str
    text: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read, by the number of its line, or the whole file if that is ``None``."""

    line: int | None
    reason: str


def read(path: Path) -> Iterator[Row | BadRow]:
    """Read the documents of a file; a bad row is yielded as such, and reading continues.

    A file may be larger than memory, a row may not.
    """
    try:
        with _open(path) as stream:
            empty = True
            for number, line in enumerate(_lines(stream), start=1):
                if isinstance(line, bytes) and not line.strip():
                    continue
                empty = False
                try:
                    yield _row(line)
                except SourceError as error:
                    yield BadRow(number, str(error))
                except MemoryError:
                    yield BadRow(number, "takes too much memory to read")
        if empty:
            yield BadRow(None, "empty")
    except (OSError, EOFError, zlib.error, SourceError) as error:
        yield BadRow(None, (error.strerror if isinstance(error, OSError) else None) or str(error))


def _open(path: Path) -> IO[bytes]:
    """The bytes of a file, in UTF-8.

    Raises:
        SourceError: the encoding is unknown, most likely the file is not a text.
    """
    zipped = path.suffix.lower() == ".gz"
    stream = cast(IO[bytes], gzip.open(path, "rb") if zipped else path.open("rb"))  # noqa: SIM115
    try:
        head = stream.read(_HEAD)
        if b"\0" not in head:
            stream.seek(len(BOM_UTF8) if head.startswith(BOM_UTF8) else 0)
            return stream
        # A zero byte, which JSON in UTF-8 cannot have: UTF-16, UTF-32, or not a text.
        whole = head + stream.read(_MAX_LINE - len(head) + 1)
        if len(whole) > _MAX_LINE:
            raise SourceError(f"not UTF-8, and over {_MAX_LINE:,} bytes")
        stream.close()
        return io.BytesIO(decode(whole).encode("utf-8").removeprefix(BOM_UTF8))
    except BaseException:
        stream.close()
        raise


def _lines(stream: IO[bytes]) -> Iterator[bytes | str]:
    """Lines without their breaks; for a line that is too long, the reason to skip it.

    Not ``splitlines()``: JSON strings may have U+2028 and similar characters unescaped.
    """
    while line := stream.readline(_MAX_LINE + 1):
        if len(line) <= _MAX_LINE or line.endswith(b"\n"):
            yield line.rstrip(b"\n")
            continue
        skipped = len(line)
        while (rest := stream.readline(_MAX_LINE)) and not rest.endswith(b"\n"):
            skipped += len(rest)
            if skipped > _MAX_SKIPPED:
                raise SourceError(f"a line of over {_MAX_SKIPPED:,} bytes; the rest is left out")
        yield f"a line of over {_MAX_LINE:,} bytes"


def _row(line: bytes | str) -> Row:
    if isinstance(line, str):
        raise SourceError(line)
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        # JSON is UTF-8 (RFC 8259); a guess at another encoding would put wrong letters into quotations.
        raise SourceError(f"not UTF-8 at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"not valid JSON: {error}") from error
    if not isinstance(row, dict):
        raise SourceError("not a JSON object")
    identifier, text = row.get("_id"), row.get("text")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int) or not str(identifier).strip():
        raise SourceError('field "_id" is missing')
    if has_controls(str(identifier)):
        raise SourceError(f'field "_id" has control characters: {identifier!r}')
    if not isinstance(text, str):
        raise SourceError('field "text" is missing')
    if not text.strip():
        raise SourceError(f'field "text" of {identifier!r} is empty')
    fields = {
        str(key).lower(): str(value)
        for key, value in row.items()
        if key not in ("_id", "text") and isinstance(value, str | int | float) and str(value).strip()
    }
    return Row(str(identifier), text, fields)
