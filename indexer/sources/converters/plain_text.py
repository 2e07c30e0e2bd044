"""Reader of plain text files."""

from __future__ import annotations

from pathlib import Path

from indexer.sources.converters import ConversionError, ConvertedFile
from indexer.sources.encoding import decode


def convert(path: Path) -> ConvertedFile:
    """The text of a file.

    Raises:
        ConversionError: the file is empty.
        SourceError: the file cannot be decoded.
    """
    text = decode(path.read_bytes())
    if not text.strip():
        raise ConversionError("empty")
    return ConvertedFile(text)
