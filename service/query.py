"""What a question says by itself: language, acts, provinces, dates and persons it names, aspect it asks for."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from indexer.aspects import Aspect, asked_aspect
from indexer.dates import Period, find_periods
from indexer.language import Language, detect_language
from indexer.persons import find_persons
from indexer.places import PlaceMention, find_places
from indexer.references import Reference, find_references


@dataclass(frozen=True, slots=True)
class Question:
    """An understood question."""

    text: str
    language: Language
    references: tuple[Reference, ...] = ()
    aspect: Aspect | None = None
    places: tuple[PlaceMention, ...] = ()
    dates: tuple[Period, ...] = ()
    persons: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the acts named, each once, in reading order."""
        return tuple(dict.fromkeys(reference.key for reference in self.references))


def understand(text: str, language: Language | None = None) -> Question:
    """Read a question; ``language`` overrides what would be detected."""
    places = tuple(find_places(text))
    return Question(
        text=text,
        language=language or detect_language(text),
        references=tuple(find_references(text)),
        aspect=asked_aspect(text),
        places=places,
        # Names of months are spelled composed; the other finders fold what they read.
        dates=tuple(find_periods(unicodedata.normalize("NFC", text))),
        persons=tuple(name for name in find_persons(text) if not any(_within(name, text, p) for p in places)),
    )


def _within(name: str, text: str, place: PlaceMention) -> bool:
    """Whether a name is, or begins with, that of a province: "Ha Giang", "Lam Dong Provinz"."""
    at = text.find(name)
    return at < place.end and place.start < at + len(name)
