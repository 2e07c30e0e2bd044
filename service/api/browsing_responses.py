"""Response models of documents, references, facets, and suggestions."""

from __future__ import annotations

from pydantic import BaseModel

from indexer.annotation.aspects import Aspect
from indexer.text.languages import Language
from service.api.responses import IndexInfo, SpanInfo


class DocumentInfo(BaseModel):
    """A document without its text; ``also`` has further ids of documents with the same text."""

    document_id: str
    title: str
    url: str | None
    published: str | None
    place: str | None
    language: Language
    sha256: str
    references: list[str]
    also: list[str]


class DocumentsReply(BaseModel):
    """A part of the list of documents."""

    total: int
    offset: int
    limit: int
    documents: list[DocumentInfo]


class MentionInfo(BaseModel):
    """A mention of a reference in a document."""

    key: str
    start: int
    end: int


class AspectMention(BaseModel):
    """A sentence that is about an aspect."""

    aspect: Aspect
    start: int
    end: int


class DocumentHighlights(BaseModel):
    """Spans of a document to highlight, in reading order; ``told`` are sentences about an aspect."""

    mentions: list[MentionInfo]
    told: list[AspectMention]
    headings: list[SpanInfo]


class DocumentReply(DocumentInfo, DocumentHighlights):
    """A document: metadata, canonical text, and the spans to highlight in it."""

    text: str


class ContextReply(DocumentInfo):
    """The passage around a span: ``text`` is the canonical text from ``start`` to ``end``."""

    start: int
    end: int
    text: str


class ReferenceInfo(BaseModel):
    """A reference in the documents: names by language, spellings, and counts."""

    key: str
    names: dict[Language, str]
    mentions_as: list[str]
    documents: int
    mentions: int


class ReferencesReply(BaseModel):
    """All references in the documents, those of most documents first."""

    references: list[ReferenceInfo]
    index: IndexInfo


class SuggestedReference(BaseModel):
    """A reference with its names, the number of documents that name it, and its most frequent aspects."""

    key: str
    names: dict[Language, str]
    documents: int
    aspects: list[Aspect]


class AspectCount(BaseModel):
    """An aspect and the number of sentences about it."""

    aspect: Aspect
    sentences: int


class SuggestionsReply(BaseModel):
    """Topics that can be asked about, most frequent first."""

    references: list[SuggestedReference]
    aspects: list[AspectCount]
    index: IndexInfo


class ReferenceCount(BaseModel):
    """The number of documents that name a reference."""

    value: str
    names: dict[Language, str]
    documents: int


class PlaceCount(BaseModel):
    """The number of documents about a province."""

    value: str
    documents: int


class PeriodCount(BaseModel):
    """The number of documents published in a month or year, with its first and last day."""

    value: str
    first: str
    last: str
    documents: int


class FacetsReply(BaseModel):
    """Numbers of documents: of all filters, and of each facet value under the other filters."""

    documents: int
    references: list[ReferenceCount]
    places: list[PlaceCount]
    periods: list[PeriodCount]
    index: IndexInfo
