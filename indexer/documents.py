"""The records that flow through the indexer: spans, documents, sentences, passages.

All offsets are Unicode code points into the canonical text; spans are half open, ``[start, end)``.
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
    """One source text as it was read, before cleaning.

    ``fields`` holds what the source itself says about the text (front matter, columns of a JSONL row),
    with lower-case names.
    """

    document_id: str
    source: Path
    text: str
    media_type: str = "text/plain"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One cleaned text with its metadata; ``published`` is an ISO 8601 date, ``place`` a province.

    ``also``: ids of further files that hold the very same text.
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


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document. A heading is searched with its passage but never quoted as a statement."""

    start: int
    end: int
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """One or more whole sentences in a row: ``first_sentence`` to ``last_sentence`` inclusive."""

    start: int
    end: int
    first_sentence: int
    last_sentence: int


def text_digest(text: str) -> str:
    """sha256 of a text in UTF-8: how a citation names the very text its offsets are of."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
