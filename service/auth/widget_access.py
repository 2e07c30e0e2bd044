"""Access of widget keys to documents: only to those that an answer or a search has led to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal, Protocol

from cachetools import LRUCache

WidgetDocuments = Literal["none", "cited", "all"]
#: Documents that are remembered, about 20 MB if all are in use; the least recently cited goes first.
MAX_REMEMBERED = 100_000
#: By hand: code points of a span whose passages a widget key may read where it may read no whole document; a
#: citation has fewer.
LONGEST_SPAN = 2000


class PublicKey(Protocol):
    """The part of a key that this depends on."""

    @property
    def widget(self) -> bool: ...


class WidgetAccess:
    """The documents that widget keys may read, whose text anyone can send from anywhere.

    Only texts around a citation or hit are meant to be public, not the whole corpus by its list of ids. The
    documents of all replies are remembered together, since the key of the page that shows a document is
    another one than that of the page with the answer.

    Args:
        documents: ``cited`` for those that a reply led to, with their texts; ``none`` for passages of these
            alone; ``all`` for all.
    """

    def __init__(self, documents: WidgetDocuments = "cited", max_remembered: int = MAX_REMEMBERED) -> None:
        self._documents = documents
        self._remembered: LRUCache[bytes, None] = LRUCache(max_remembered)

    def remember(self, document_ids: Iterable[str]) -> None:
        """Allow the documents of a reply."""
        for document_id in document_ids:
            self._remembered[_digest(document_id)] = None

    def allows_context(self, key: PublicKey | None, document_id: str, length: int) -> bool:
        """True if a key may read the passages around a span of a document; ``None``: no key is needed.

        Args:
            length: of the span.
        """
        if key is None or not key.widget or self._documents == "all":
            return True
        # Otherwise a span could be the whole document.
        bounded = self._documents == "cited" or length <= LONGEST_SPAN
        return bounded and _digest(document_id) in self._remembered

    def allows_document(self, key: PublicKey | None, document_id: str) -> bool:
        """True if a key may read the text of a document."""
        if key is not None and key.widget and self._documents == "none":
            return False
        return self.allows_context(key, document_id, 0)


def _digest(document_id: str) -> bytes:
    # An id may be long, and is not always valid Unicode.
    return hashlib.blake2b(document_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
