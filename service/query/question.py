"""The record of an understood question."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.annotation.aspects import Aspect
from indexer.entities.dates import Period
from indexer.entities.places import PlaceMention
from indexer.entities.references import Reference
from indexer.text.languages import Language


@dataclass(frozen=True, slots=True)
class Question:
    """An understood question: its language, what it names, and the aspect it asks for."""

    text: str
    language: Language
    references: tuple[Reference, ...] = ()
    aspect: Aspect | None = None
    places: tuple[PlaceMention, ...] = ()
    dates: tuple[Period, ...] = ()
    persons: tuple[str, ...] = ()
    #: The text with Vietnamese diacritics restored, as long as ``text``: offsets hold in both.
    normalized: str | None = None

    @property
    def normalized_text(self) -> str:
        """The text with diacritics restored, which ranking reads."""
        return self.normalized or self.text

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the references named, each once, in reading order."""
        return tuple(dict.fromkeys(reference.key for reference in self.references))
