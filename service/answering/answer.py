"""An answer as a record: statements with the place of each, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from indexer.annotation.aspects import Aspect
from indexer.documents import Document, text_digest
from indexer.errors import IndexDamagedError
from service.query.question import Question

Status = Literal["answered", "no_evidence", "unknown_reference", "aspect_not_found"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement stands: ``document.text[start:end] == quote``; the larger ``score`` the surer."""

    number: int
    document: Document
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Place:
    """A figure in a document: ``document.text[start:end] == text``; ``citation`` that quotes it, if any."""

    document: Document
    start: int
    end: int
    text: str
    citation: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Figures that contradict each other: of one thing at two places, or a total and its parts.

    ``sum`` of the parts is ``None`` where the places are of two statements.
    """

    places: tuple[Place, ...]
    sum: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known on a question. ``citations`` hold the statements; none unless ``status`` is answered.

    ``unknown``: keys of the acts asked for that no document names; nothing is said on them. ``unnamed``:
    persons and provinces asked about that no document names. ``told``: where the aspect is not found, how
    many sentences tell what else of the act. ``collected``: whether the statements are all that is said of
    the aspect asked for, not one fact; ``more``: how many further ones were found and are not shown.
    """

    question: Question
    status: Status
    confidence: float
    citations: tuple[Citation, ...] = ()
    suggestions: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    told: Mapping[Aspect, int] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    collected: bool = False
    more: int = 0


def verified(citation: Citation) -> Citation:
    """The citation itself, once its quote is shown to stand at its place in the stored text.

    Raises:
        IndexDamagedError: it does not; the answer must not leave.
    """
    document = citation.document
    standing = document.text[citation.start : citation.end]
    if (
        not citation.quote.strip()
        or standing != citation.quote
        or text_digest(document.text) != document.sha256
    ):
        where = f"{document.document_id!r} {citation.start}-{citation.end}"
        raise IndexDamagedError(f"document {where}: the stored text is not the quotation")
    return citation
