"""TODO docstring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a document's canonical text, in code points."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """A passage found: its document, its score, and its best sentence."""

    document_id: str
    score: float
    best_sentence: Place


@dataclass(frozen=True, slots=True)
class Cited:
    """A statement's place and the words said to stand there."""

    place: Place
    quote: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a system answers; ``cited`` in order of the citations' numbers."""

    status: str
    confidence: float
    cited: tuple[Cited, ...]


class System(Protocol):
    """What an evaluation asks of the system it measures."""

    @property
    def facts(self) -> dict[str, Any]: ...
    @property
    def encoding_ms(self) -> float | None:
        """What the last search spent on the question's vector; ``None`` where that cannot be seen."""

    def search(self, text: str, limit: int) -> list[Found]: ...
    def ask(self, text: str) -> Reply: ...
    def text(self, document_id: str) -> str | None: ...
