"""Markdown files with YAML front matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import frontmatter
import yaml

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.readers.encoding import decode


def read(path: Path, document_id: str) -> Iterator[RawDocument]:
    """The one document of a Markdown file; its front matter becomes the document's fields.

    Raises:
        SourceError: the file is empty, undecodable, or its front matter is no YAML mapping.
    """
    text = decode(path.read_bytes())
    try:
        fields, body = frontmatter.parse(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        raise SourceError(f"front matter is no YAML{where}") from error
    if not isinstance(fields, dict):
        raise SourceError("front matter is no YAML mapping")
    if not body.strip():
        raise SourceError("empty")
    known = {str(key).lower(): str(value) for key, value in fields.items() if value is not None}
    yield RawDocument(document_id, path, body, "text/markdown", known)
