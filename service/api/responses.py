"""Response models of questions and searches, with the problem and health models of all paths.

Pydantic stays at this edge; the rest of the service works on plain records.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from indexer.annotation.aspects import Aspect
from indexer.text.languages import Language
from service.answering.answer import Status


class IndexInfo(BaseModel):
    """The generation that answered, and its embedding model as name@digest."""

    generation: str
    model: str


class StatementInfo(BaseModel):
    """A verbatim sentence and the numbers of its citations."""

    text: str
    citations: list[int]


class CitationInfo(BaseModel):
    """The source of a statement: ``quote`` is the text from ``start`` to ``end``, in code points."""

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
    """A reference in the question: its key and its text there."""

    key: str
    text: str


class UnderstoodPeriod(BaseModel):
    """A day or period in the question: first day, last day, and its text there."""

    first: str
    last: str
    text: str


class Understood(BaseModel):
    """References, aspect, places, and dates recognized in the question."""

    references: list[UnderstoodReference]
    aspect: Aspect | None
    places: list[str]
    dates: list[UnderstoodPeriod]


class AskReply(BaseModel):
    """An answer, or the reason why there is none."""

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
    """A span of a document, in code points."""

    start: int
    end: int


class HitInfo(BaseModel):
    """A passage that was found; a larger score is better."""

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
    """The passages that were found, best first."""

    query: str
    language: Language
    hits: list[HitInfo]
    index: IndexInfo


class Health(BaseModel):
    """A state in one word."""

    status: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, Any]] | None = None
