"""The interface of a measured system, and the records it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class DocumentSpan:
    """A span ``[start, end)`` of a document's canonical text, in code points."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A retrieved passage: its document, its score, and its best sentence."""

    document_id: str
    score: float
    best_sentence: DocumentSpan


@dataclass(frozen=True, slots=True)
class CitedSpan:
    """The span that a statement cites, and the quotation given for it."""

    span: DocumentSpan
    quote: str


@dataclass(frozen=True, slots=True)
class SystemReply:
    """The reply to a question. ``cited``: in the order of the citations' numbers."""

    status: str
    confidence: float
    cited: tuple[CitedSpan, ...]


class System(Protocol):
    """The system that an evaluation measures."""

    @property
    def facts(self) -> dict[str, Any]: ...
    @property
    def encoding_ms(self) -> float | None:
        """Milliseconds of the last search for the question's vector; ``None`` if they cannot be measured."""

    def search(self, text: str, limit: int) -> list[RetrievedPassage]: ...
    def ask(self, text: str) -> SystemReply: ...
    def text(self, document_id: str) -> str | None: ...
