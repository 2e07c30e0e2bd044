"""Read-only store of the documents, spans and mentions of a generation in one SQLite file."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache, cachedmethod

from indexer.arrays import Ids
from indexer.documents import Document, DocumentMetadata
from indexer.entities.dates import find_days
from indexer.entities.mentions import mentioned_periods, mentioned_places
from indexer.entities.references import Reference
from indexer.errors import IndexDamagedError
from indexer.storage import mention_rows
from indexer.storage.bounded_cache import bounded_cache, document_bytes, number_of_items
from indexer.text.languages import Language

_T = TypeVar("_T")
_MentionCache: TypeAlias = LRUCache[Any, frozenset[_T]]
_METADATA = ("document_id", "title", "sha256", "language", "url", "published", "place")
_COLUMNS = ", ".join(_METADATA)
#: By hand: bytes of documents, and mentions of documents, that are kept in memory: all of a small corpus, and
#: of a large one what some questions read.
CACHED_BYTES, CACHED_MENTIONS = 64_000_000, 200_000
#: Columns of the spans; each is stored as one value of little-endian integers.
SPANS = {
    "sentences": ("document", "start", "end", "heading"),
    "passages": ("document", "start", "end", "first", "last"),
}
INTEGERS = np.dtype("<i8")


@dataclass(frozen=True, slots=True)
class Spans:
    """Columns of all passages or all sentences, each of shape ``(n,)``.

    Attributes:
        document: number of the document.
        start, end: code points in its text.
        first, last: numbers of a passage's outer sentences; for a sentence, its own number.
        heading: true for sentences that are headings and never quoted.
    """

    document: Ids
    start: Ids
    end: Ids
    first: Ids
    last: Ids
    heading: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start)


class Metadata(NamedTuple):
    """Columns of the metadata of all documents."""

    document_ids: tuple[str, ...]
    languages: tuple[Language, ...]
    published: tuple[str | None, ...]
    places: tuple[str | None, ...]


class DocumentStore:
    """Read access to a complete store; safe to use from several threads."""

    def __init__(self, connection: sqlite3.Connection, name: str, cached_bytes: int = CACHED_BYTES) -> None:
        self._connection = connection
        self._name = name
        self._lock = threading.Lock()
        # Caches are attributes, so that they are freed with the store and do not keep it alive.
        self._cache_lock = threading.Lock()
        self._documents = bounded_cache(cached_bytes, document_bytes)
        self._texts: LRUCache[Any, str] = bounded_cache(cached_bytes // 8, sys.getsizeof)
        self._places: _MentionCache[str] = bounded_cache(CACHED_MENTIONS, number_of_items)
        self._periods: _MentionCache[tuple[str, str]] = bounded_cache(CACHED_MENTIONS, number_of_items)
        self._days: _MentionCache[tuple[int, int]] = bounded_cache(CACHED_MENTIONS, number_of_items)

    @classmethod
    def open(cls, path: Path, cached_bytes: int = CACHED_BYTES) -> DocumentStore:
        """Open a complete store that keeps some bytes of documents in memory.

        Raises:
            IndexDamagedError: the file is missing.
        """
        if not path.is_file():
            raise IndexDamagedError(f"{path.name}: missing")
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return cls(sqlite3.connect(uri, uri=True, check_same_thread=False), path.name, cached_bytes)

    def close(self) -> None:
        self._connection.close()

    def _rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._lock, closing(self._connection.execute(query, parameters)) as cursor:
                return cursor.fetchall()
        except sqlite3.DatabaseError as error:
            raise IndexDamagedError(f"{self._name}: not a readable store ({error})") from error

    @cachedmethod(attrgetter("_documents"), lock=attrgetter("_cache_lock"))
    def document(self, number: int) -> Document:
        """The document of a number.

        Raises:
            IndexDamagedError: there is no such document.
        """
        return self._read(number)

    def _read(self, number: int) -> Document:
        rows = self._rows(f"SELECT {_COLUMNS}, text FROM documents WHERE number = ?", (int(number),))
        if not rows:
            raise IndexDamagedError(f"{self._name}: no document number {number}")
        query = 'SELECT "key", start, "end", text FROM document_references WHERE document = ? ORDER BY start'
        references = tuple(Reference(*row) for row in self._rows(query, (int(number),)))
        fields = dict(zip((*_METADATA, "text"), rows[0], strict=True))
        return Document(**fields, references=references, also=self._further_ids(number))

    def _further_ids(self, number: int) -> tuple[str, ...]:
        query = "SELECT document_id FROM further_ids WHERE document = ? ORDER BY document_id"
        return tuple(name for (name,) in self._rows(query, (int(number),)))

    @cachedmethod(attrgetter("_texts"), lock=attrgetter("_cache_lock"))
    def text(self, number: int) -> str:
        """The canonical text of a document."""
        ((text,),) = self._rows("SELECT text FROM documents WHERE number = ?", (int(number),))
        return str(text)

    @cachedmethod(attrgetter("_places"), lock=attrgetter("_cache_lock"))
    def places_in(self, number: int) -> frozenset[str]:
        """The provinces that a document's text mentions."""
        if self._has_mentions:
            return frozenset(self._mentions(number, mention_rows.PLACE, str))
        return mentioned_places(self.text(number))

    @cachedmethod(attrgetter("_periods"), lock=attrgetter("_cache_lock"))
    def periods_in(self, number: int) -> frozenset[tuple[str, str]]:
        """First and last day, in ISO 8601, of each period that a document's text mentions."""
        if self._has_mentions:
            return frozenset(self._mentions(number, mention_rows.PERIOD, mention_rows.to_period))
        return mentioned_periods(self.text(number))

    @cachedmethod(attrgetter("_days"), lock=attrgetter("_cache_lock"))
    def days_in(self, number: int) -> frozenset[tuple[int, int]]:
        """``(month, day)`` of every day that a document's text mentions."""
        if self._has_mentions:
            return frozenset(self._mentions(number, mention_rows.DAY, mention_rows.to_day))
        return find_days(self.text(number))

    def _mentions(self, number: int, kind: str, parse: Callable[[str], _T]) -> list[_T]:
        rows = self._rows("SELECT value FROM mentions WHERE document = ? AND kind = ?", (int(number), kind))
        try:
            return [parse(value) for (value,) in rows]
        except ValueError as error:
            message = f"{self._name}: document {number}: a mention that is not a {kind} ({error})"
            raise IndexDamagedError(message) from error

    @cached_property
    def _has_mentions(self) -> bool:
        """False for a store written before mentions were stored; then the texts are parsed."""
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'mentions'"))

    def stray_mentions(self) -> int:
        """Number of stored mentions whose document does not exist."""
        if not self._has_mentions:
            return 0
        query = "SELECT count(*) FROM mentions WHERE document NOT IN (SELECT number FROM documents)"
        ((count,),) = self._rows(query)
        return int(count)

    def number_of(self, document_id: str) -> int | None:
        """The number of the document with this id, ``None`` if there is none."""
        rows = self._rows(
            "SELECT number FROM documents WHERE document_id = ? "
            "UNION ALL SELECT document FROM further_ids WHERE document_id = ?",
            (document_id, document_id),
        )
        return int(rows[0][0]) if rows else None

    def documents(self) -> Iterator[Document]:
        """All documents in order of their numbers, read one after another and not kept in memory."""
        for (number,) in self._rows("SELECT number FROM documents ORDER BY number"):
            yield self._read(number)

    def listed(self, first: int = 0, limit: int = -1) -> Iterator[DocumentMetadata]:
        """Up to ``limit`` documents without their texts, in order of their numbers, from ``first`` on."""
        query = f"SELECT {_COLUMNS}, number FROM documents WHERE number >= ? ORDER BY number LIMIT ?"
        keys = 'SELECT "key" FROM document_references WHERE document = ? GROUP BY "key" ORDER BY min(start)'
        for *row, number in self._rows(query, (first, limit)):
            named = tuple(key for (key,) in self._rows(keys, (number,)))
            fields = dict(zip(_METADATA, row, strict=True))
            yield DocumentMetadata(**fields, keys=named, also=self._further_ids(number))

    def counts(self) -> dict[str, int]:
        """Numbers of documents, sentences and passages."""
        ((documents,),) = self._rows("SELECT count(*) FROM documents")
        return {
            "documents": int(documents),
            **{table: len(self._columns(table)["start"]) for table in SPANS},
        }

    def metadata(self) -> Metadata:
        """Metadata of every document that filters read, in order of numbers."""
        rows = self._rows("SELECT document_id, language, published, place FROM documents ORDER BY number")
        return Metadata(*zip(*rows, strict=True)) if rows else Metadata((), (), (), ())

    def references(self) -> list[tuple[str, int, int, int, str]]:
        """``(key, document number, start, end, text)`` of every mention, in reading order."""
        query = 'SELECT "key", document, start, "end", text FROM document_references ORDER BY document, start'
        return [(key, document, start, end, text) for key, document, start, end, text in self._rows(query)]

    def keys(self) -> list[str]:
        """Keys of all references that the documents name, sorted."""
        return [key for (key,) in self._rows('SELECT DISTINCT "key" FROM document_references ORDER BY "key"')]

    def passages(self) -> Spans:
        """All passages."""
        columns = self._columns("passages")
        return Spans(**columns, heading=np.zeros(len(columns["start"]), np.bool_))

    def sentences(self) -> Spans:
        """All sentences."""
        columns = self._columns("sentences")
        numbers = np.arange(len(columns["start"]))
        heading = columns.pop("heading").astype(np.bool_)
        return Spans(**columns, first=numbers, last=numbers, heading=heading)

    def _columns(self, table: str) -> dict[str, Ids]:
        stored = dict(self._rows("SELECT name, value FROM spans"))
        try:
            columns = {name: np.frombuffer(stored[f"{table}.{name}"], INTEGERS) for name in SPANS[table]}
        except (KeyError, TypeError, ValueError) as error:
            raise IndexDamagedError(f"{self._name}: no spans of {table} ({error})") from error
        if len({len(column) for column in columns.values()}) > 1:
            raise IndexDamagedError(f"{self._name}: columns of {table} of different lengths")
        return columns
