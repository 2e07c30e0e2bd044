"""The JSON of the HTTP contract. Pydantic stays at this edge; the rest works on plain records."""

from __future__ import annotations

from typing import Any

from pydantic import (
    BaseModel,
)

from indexer.annotation.aspects import Aspect
from indexer.text.languages import Language
from service.answering.answer import Status


class IndexInfo(BaseModel):
    """What answered: the generation, and the model as name@digest."""

    generation: str
    model: str


class StatementInfo(BaseModel):
    """A verbatim sentence and the numbers of its citations."""

    text: str
    citations: list[int]


class CitationInfo(BaseModel):
    """Where a statement stands: ``quote`` is the text from ``start`` to ``end``, in code points."""

    number: int
    document_id: str
    title: str
    url: str | None
    published: str | None
    place: str | None
    start: int
    end: int
    quote: str
    sha256: str
    score: float


class UnderstoodReference(BaseModel):
    """An act that the question names, and how."""

    key: str
    text: str


class UnderstoodPeriod(BaseModel):
    """A day or period that the question names: first and last day, and how."""

    first: str
    last: str
    text: str


class Understood(BaseModel):
    """What was read out of the question."""

    references: list[UnderstoodReference]
    aspect: Aspect | None
    places: list[str]
    dates: list[UnderstoodPeriod]


class AskReply(BaseModel):
    """An answer, or why there is none."""

    question: str
    language: Language
    status: Status
    answer: str
    statements: list[StatementInfo]
    citations: list[CitationInfo]
    confidence: float
    understood: Understood
    suggestions: list[str]
    notes: list[str]
    index: IndexInfo


class HitScores(BaseModel):
    """The parts of a hit's score."""

    passage: float
    sentence: float
    lexical: float


class SpanInfo(BaseModel):
    """A place in a document, in code points."""

    start: int
    end: int


class HitInfo(BaseModel):
    """A passage found; the larger the score the better."""

    passage_id: str
    document_id: str
    title: str
    url: str | None
    published: str | None
    place: str | None
    start: int
    end: int
    text: str
    score: float
    scores: HitScores
    best_sentence: SpanInfo


class SearchReply(BaseModel):
    """What was found, best first."""

    query: str
    language: Language
    hits: list[HitInfo]
    index: IndexInfo


class DocumentInfo(BaseModel):
    """A document without its text; ``also``: further ids under which the very same text was found."""

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


class ReferenceInfo(BaseModel):
    """An act that the documents name: its names by language, how it is written, how often it is named."""

    key: str
    names: dict[Language, str]
    mentions_as: list[str]
    documents: int
    mentions: int


class ReferencesReply(BaseModel):
    """All acts that the documents name, those of most documents first."""

    references: list[ReferenceInfo]
    index: IndexInfo


class Health(BaseModel):
    """A state in one word."""

    status: str


class Problem(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, Any]] | None = None


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


class AspectMention(BaseModel):
    """A sentence that tells an aspect."""

    aspect: Aspect
    start: int
    end: int


class DocumentHighlights(BaseModel):
    """What stands where in a document, in the order of reading."""

    mentions: list[MentionInfo]
    told: list[AspectMention]
    headings: list[SpanInfo]


class DocumentReply(DocumentInfo, DocumentHighlights):
    """A document: metadata, canonical text, and what stands where in it."""

    text: str
