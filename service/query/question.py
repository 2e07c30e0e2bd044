"""TODO docstring."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.annotation.aspects import Aspect
from indexer.entities.dates import Period
from indexer.entities.places import PlaceMention
from indexer.entities.references import Reference
from indexer.text.languages import Language


@dataclass(frozen=True, slots=True)
class Question:
    """An understood question. ``read``: its text as it was read, a Vietnamese one with the marks it was typed
    without; as long as ``text``, so that the places in it are places in both."""

    text: str
    language: Language
    references: tuple[Reference, ...] = ()
    aspect: Aspect | None = None
    places: tuple[PlaceMention, ...] = ()
    dates: tuple[Period, ...] = ()
    persons: tuple[str, ...] = ()
    marked: str | None = None

    @property
    def read(self) -> str:
        return self.marked or self.text

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the acts named, each once, in reading order."""
        return tuple(dict.fromkeys(reference.key for reference in self.references))
