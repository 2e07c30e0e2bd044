"""Markdown files with YAML front matter."""

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
    """The one document of a Markdown file; its front matter becomes the document's fields.

    Raises:
        SourceError: the file is empty, undecodable, or its front matter is no YAML mapping.
    """
    fields, body = _split(decode(path.read_bytes()))
    if not body.strip():
        raise SourceError("empty")
    known = {str(key).lower(): str(value) for key, value in fields.items() if value is not None}
    yield RawDocument(document_id, path, body, "text/markdown", known)


def _split(text: str) -> tuple[dict[object, object], str]:
    """Front matter and body; ``frontmatter.parse()`` would drop broken front matter in silence."""
    text = text.lstrip()
    handler = YAMLHandler()
    if not handler.detect(text):
        return {}, text
    try:
        block, body = handler.split(text)
    except ValueError as error:
        if _UNCLOSED.match(text):
            raise SourceError("front matter is not closed by a line ---") from error
        return {}, text  # the line is a rule, as Markdown has them
    try:
        fields = handler.load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: YAML reads 2025-02-30 as a date.
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else f" ({error})"
        raise SourceError(f"front matter is no YAML{where}") from error
    if fields is None:
        return {}, body
    if not isinstance(fields, dict):
        raise SourceError("front matter is no YAML mapping")
    return fields, body
