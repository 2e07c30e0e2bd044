"""Records of the indexer: raw documents, documents, sentences, passages.

All offsets are Unicode code points of the canonical text; spans are half open, ``[start, end)``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from indexer.entities.references import Reference
from indexer.text.languages import Language


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A source text as it was read, before cleaning.

    Attributes:
        fields: metadata stated by the source (front matter, columns of a JSONL row), by lower-case name.
    """

    document_id: str
    source: Path
    text: str
    media_type: str = "text/plain"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A cleaned text with its metadata.

    Attributes:
        text: the canonical text.
        sha256: of the canonical text.
        published: an ISO 8601 date.
        place: the province it is about.
        also: ids of further files with the same text and metadata.
    """

    document_id: str
    text: str
    title: str
    sha256: str
    language: Language
    url: str | None = None
    published: str | None = None
    place: str | None = None
    references: tuple[Reference, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of its references, each once, in reading order."""
        return tuple(dict.fromkeys(reference.key for reference in self.references))


@dataclass(frozen=True, slots=True)
class DocumentMetadata:
    """A document without its text; ``keys``: of its references, each once, in reading order."""

    document_id: str
    title: str
    sha256: str
    language: Language
    url: str | None
    published: str | None
    place: str | None
    keys: tuple[str, ...]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document. A heading is searched with its passage but never quoted as a statement."""

    start: int
    end: int
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """One or more consecutive sentences, from ``first_sentence`` to ``last_sentence`` inclusive."""

    start: int
    end: int
    first_sentence: int
    last_sentence: int


def text_digest(text: str) -> str:
    """The sha256 of a text in UTF-8, with which a citation identifies the text of its offsets."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
