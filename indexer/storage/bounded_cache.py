"""Caches bounded by the size of what they hold."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from cachetools import LRUCache

from indexer.documents import Document

_T = TypeVar("_T")
#: Bytes of an entry besides its text: objects, and one reference of a document with its text. Estimated.
_OBJECT_BYTES = 500


def bounded_cache(limit: int, size_of: Callable[[_T], int]) -> LRUCache[Any, _T]:
    """A cache of the values used last, with sizes that add up to ``limit`` at most.

    A value that is larger is kept alone, since whoever reads it is likely to read it again at once.
    """
    return LRUCache(limit, getsizeof=lambda value: min(size_of(value), limit))


def document_bytes(document: Document) -> int:
    """The memory that a document takes, about."""
    return sys.getsizeof(document.text) + _OBJECT_BYTES * (1 + len(document.references) + len(document.also))


def number_of_items(items: frozenset[Any]) -> int:
    """The number of items in a set, and one for the set itself."""
    return 1 + len(items)
