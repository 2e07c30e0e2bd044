"""TODO docstring."""

from __future__ import annotations

from pathlib import Path

from indexer.documents import Document, RawDocument
from indexer.errors import SourceError


class Deduplicator:
    """What was read so far: no id twice, and of files no text twice."""

    def __init__(self) -> None:
        self._sources: dict[str, Path] = {}
        self._by_text: dict[tuple[str | None, ...], str] = {}
        #: Further ids of documents, by their first.
        self.also: dict[str, list[str]] = {}

    def require_new(self, raw: RawDocument) -> None:
        """Raises a ``SourceError`` where the id is taken."""
        taken_by = self._sources.get(raw.document_id)
        if taken_by is not None:
            raise SourceError(f"document id {raw.document_id!r} is already taken by {taken_by}")

    def accept(self, raw: RawDocument, document: Document) -> bool:
        """Whether a document is taken; not where a file before said the same, which gets a further id then.

        Rows of a set keep their ids, which judgements refer to.
        """
        self._sources[raw.document_id] = raw.source
        if raw.media_type == "application/json":
            return True
        # Two reports may say the same of two places.
        said = (document.sha256, document.title, document.url, document.published, document.place)
        first = self._by_text.setdefault(said, document.document_id)
        if first != document.document_id:
            self.also.setdefault(first, []).append(document.document_id)
        return first == document.document_id
