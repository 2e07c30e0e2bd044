"""Reader of plain text files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources.encoding import decode


def read(path: Path, document_id: str) -> Iterator[RawDocument]:
    """Read the one document of a text file.

    Raises:
        SourceError: the file is empty or cannot be decoded.
    """
    text = decode(path.read_bytes())
    if not text.strip():
        raise SourceError("empty")
    yield RawDocument(document_id, path, text)
