"""The JSON of what people look at beside answers."""

from __future__ import annotations

from pydantic import BaseModel, Field

from indexer.aspects import Aspect
from indexer.language import Language
from service.schemas import DocumentInfo, FiltersBody, IndexInfo, SpanInfo, StrictModel

#: No text is longer.
_FARTHEST = 2**53


class SuggestedReference(BaseModel):
    """An act, its names, how many documents name it, and the aspects told of it, most told first."""

    key: str
    names: dict[Language, str]
    documents: int
    aspects: list[Aspect]


class AspectCount(BaseModel):
    """An aspect, and how many sentences tell it."""

    aspect: Aspect
    sentences: int


class SuggestionsReply(BaseModel):
    """What can be asked about, most frequent first."""

    references: list[SuggestedReference]
    aspects: list[AspectCount]
    index: IndexInfo


class FacetsBody(StrictModel):
    """Restrictions that are set."""

    filters: FiltersBody = FiltersBody()


class ReferenceCount(BaseModel):
    """Documents that name an act."""

    value: str
    names: dict[Language, str]
    documents: int


class PlaceCount(BaseModel):
    """Documents about a province."""

    value: str
    documents: int


class PeriodCount(BaseModel):
    """Documents published in a month or year: its first and last day."""

    value: str
    first: str
    last: str
    documents: int


class FacetsReply(BaseModel):
    """Documents that pass all filters; by value of a facet, those that pass the filters of the others."""

    documents: int
    references: list[ReferenceCount]
    places: list[PlaceCount]
    periods: list[PeriodCount]
    index: IndexInfo


class ContextQuery(StrictModel):
    """A place in a document, in code points of its canonical text."""

    document_id: str = Field(min_length=1, max_length=2000)
    start: int = Field(ge=0, le=_FARTHEST)
    end: int = Field(ge=1, le=_FARTHEST)


class ContextReply(DocumentInfo):
    """The passage around a place: ``text`` is the canonical text from ``start`` to ``end``."""

    start: int
    end: int
    text: str


class MentionInfo(BaseModel):
    """Where an act is named."""

    key: str
    start: int
    end: int


class ToldInfo(BaseModel):
    """A sentence that tells an aspect."""

    aspect: Aspect
    start: int
    end: int


class DocumentMarks(BaseModel):
    """What stands where in a document, in the order of reading."""

    mentions: list[MentionInfo]
    told: list[ToldInfo]
    headings: list[SpanInfo]


class DocumentReply(DocumentInfo, DocumentMarks):
    """A document: metadata, canonical text, and what stands where in it."""

    text: str
