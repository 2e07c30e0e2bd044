"""Duplicate documents: each id once, and equal texts of files once."""

from __future__ import annotations

from pathlib import Path

from indexer.documents import Document, RawDocument
from indexer.errors import SourceError


class Deduplicator:
    """Decides which documents of a build are indexed.

    Attributes:
        also: further ids of accepted documents, by the id each was accepted under.
    """

    def __init__(self) -> None:
        self._sources: dict[str, Path] = {}
        self._ids: dict[tuple[str | None, ...], str] = {}
        self.also: dict[str, list[str]] = {}

    def require_new(self, raw: RawDocument) -> None:
        """Check that a document's id is new.

        Raises:
            SourceError: an earlier document has this id.
        """
        source = self._sources.get(raw.document_id)
        if source is not None:
            raise SourceError(f"document id {raw.document_id!r} is already taken by {source}")

    def accept(self, raw: RawDocument, document: Document) -> bool:
        """True if a document is to be indexed.

        False if an earlier file has the same text and metadata; that one gets a further id. Rows of a data
        set keep their ids, as relevance judgements refer to them.
        """
        self._sources[raw.document_id] = raw.source
        if raw.media_type == "application/json":
            return True
        # Reports of two places may have the same text.
        content = (document.sha256, document.title, document.url, document.published, document.place)
        first = self._ids.setdefault(content, document.document_id)
        if first != document.document_id:
            self.also.setdefault(first, []).append(document.document_id)
        return first == document.document_id
