"""The answer record: statements with their citations, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from indexer.annotation.aspects import Aspect
from indexer.documents import Document, text_digest
from indexer.errors import IndexDamagedError
from service.query.question import Question

Status = Literal["answered", "no_evidence", "unknown_reference", "aspect_not_found"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A statement and its place: ``document.text[start:end] == quote``; a larger ``score`` is surer."""

    number: int
    document: Document
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A quantity in a document: ``document.text[start:end] == text``.

    ``citation``: number of the citation that quotes it, if any.
    """

    document: Document
    start: int
    end: int
    text: str
    citation: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Quantities that contradict each other: of one thing in two statements, or a total and its parts.

    ``sum``: of the parts; ``None`` for two statements.
    """

    spans: tuple[TextSpan, ...]
    sum: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question, or the reason why there is none."""

    question: Question
    status: Status
    confidence: float
    #: The statements; none unless ``status`` is ``answered``.
    citations: tuple[Citation, ...] = ()
    #: Known references that are close to an unknown one.
    suggestions: tuple[str, ...] = ()
    #: Keys of the question's references that no document names.
    unknown_references: tuple[str, ...] = ()
    #: Persons and provinces of the question that no document names.
    missing_names: tuple[str, ...] = ()
    #: If the aspect is not found: numbers of sentences that express the other aspects of the reference.
    aspect_counts: Mapping[Aspect, int] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    #: True if the statements are all that is said of an aspect, not one fact.
    as_list: bool = False
    #: Number of further statements that were found and are not shown.
    not_shown: int = 0


def verified(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """The citations, once every quote is shown to stand at its place in the stored text.

    Raises:
        IndexDamagedError: one does not; the answer must not be sent.
    """
    checked = tuple(citations)
    # Hashed once per document and answer, not per citation.
    documents = {id(citation.document): citation.document for citation in checked}
    intact = {number: text_digest(document.text) == document.sha256 for number, document in documents.items()}
    for citation in checked:
        document = citation.document
        stored = document.text[citation.start : citation.end]
        if not citation.quote.strip() or stored != citation.quote or not intact[id(document)]:
            where = f"{document.document_id!r} {citation.start}-{citation.end}"
            raise IndexDamagedError(f"document {where}: the stored text is not the quotation")
    return checked
