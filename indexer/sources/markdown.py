"""Reader of Markdown files with YAML front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from frontmatter.default_handlers import YAMLHandler

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources.encoding import decode

_UNCLOSED = re.compile(r"-{3,}[ \t]*\r?\n\s*[\w-]+[ \t]*:")


def read(path: Path, document_id: str) -> Iterator[RawDocument]:
    """Read the one document of a Markdown file, with its front matter as fields.

    Raises:
        SourceError: the file is empty or cannot be decoded, or its front matter is not a YAML mapping.
    """
    fields, body = _split(decode(path.read_bytes()))
    if not body.strip():
        raise SourceError("empty")
    known = {str(key).lower(): str(value) for key, value in fields.items() if value is not None}
    yield RawDocument(document_id, path, body, "text/markdown", known)


def _split(text: str) -> tuple[dict[object, object], str]:
    """The front matter and the body; ``frontmatter.parse()`` would silently drop malformed front matter."""
    text = text.lstrip()
    handler = YAMLHandler()
    if not handler.detect(text):
        return {}, text
    try:
        block, body = handler.split(text)
    except ValueError as error:
        if _UNCLOSED.match(text):
            raise SourceError("front matter is not closed by a line ---") from error
        return {}, text  # the line is a thematic break
    try:
        fields = handler.load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: YAML reads 2025-02-30 as a date.
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else f" ({error})"
        raise SourceError(f"front matter is not valid YAML{where}") from error
    if fields is None:
        return {}, body
    if not isinstance(fields, dict):
        raise SourceError("front matter is not a YAML mapping")
    return fields, body
