"""JSON Lines, plain or gzipped, with rows ``{"_id", "title", "text", …}`` as in BEIR."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources.encoding import decode, has_controls

#: Bytes of a line that is read, of one that is passed over before the file is given up, and of the begin of a
#: file, by which its encoding is told.
_LONGEST, _SKIPPED, _BEGIN = 64_000_000, 500_000_000, 1 << 16


def read(path: Path) -> Iterator[RawDocument | tuple[str, str]]:
    """The documents of a file; a bad row yields ``(file:line, reason)`` and reading goes on.

    It is read row by row: the file may be larger than memory, a row may not.
    """
    try:
        with _opened(path) as stream:
            empty = True
            for number, line in enumerate(_lines(stream), start=1):
                if isinstance(line, str):
                    yield f"{path}:{number}", line
                elif line.strip():
                    try:
                        yield _document(line, path)
                    except SourceError as error:
                        yield f"{path}:{number}", str(error)
                else:
                    continue
                empty = False
        if empty:
            yield str(path), "empty"
    except (OSError, EOFError, zlib.error, SourceError) as error:
        yield str(path), (error.strerror if isinstance(error, OSError) else None) or str(error)


def _opened(path: Path) -> IO[bytes]:
    """The bytes of a file in UTF-8.

    Raises:
        SourceError: they are of an encoding that is not told, most likely no text at all.
    """
    zipped = path.suffix.lower() == ".gz"
    stream = cast(IO[bytes], gzip.open(path, "rb") if zipped else path.open("rb"))  # noqa: SIM115
    try:
        begin = stream.read(_BEGIN)
        if b"\0" not in begin:
            stream.seek(len(BOM_UTF8) if begin.startswith(BOM_UTF8) else 0)
            return stream
        # JSON in UTF-8 cannot hold a zero byte: UTF-16, UTF-32, or no text at all.
        whole = begin + stream.read(_LONGEST - len(begin) + 1)
        if len(whole) > _LONGEST:
            raise SourceError(f"no UTF-8, and over {_LONGEST:,} bytes")
        stream.close()
        return io.BytesIO(decode(whole).encode("utf-8").removeprefix(BOM_UTF8))
    except BaseException:
        stream.close()
        raise


def _lines(stream: IO[bytes]) -> Iterator[bytes | str]:
    """Lines without their breaks; of one that is too long, why it is passed over.

    Not ``splitlines()``: JSON strings may hold U+2028 and the like as they are.
    """
    while line := stream.readline(_LONGEST + 1):
        if len(line) <= _LONGEST or line.endswith(b"\n"):
            yield line.rstrip(b"\n")
            continue
        skipped = len(line)
        while (rest := stream.readline(_LONGEST)) and not rest.endswith(b"\n"):
            skipped += len(rest)
            if skipped > _SKIPPED:
                raise SourceError(f"a line of over {_SKIPPED:,} bytes; the rest is left out")
        yield f"a line of over {_LONGEST:,} bytes"


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
