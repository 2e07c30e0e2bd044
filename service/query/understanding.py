"""What a question says by itself: its language, what it names, and the aspect it asks for."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from indexer.analysis.diacritics import restore_diacritics
from indexer.analysis.language_detection import detect_language
from indexer.entities.dates import find_periods
from indexer.entities.persons import find_persons
from indexer.entities.places import PlaceMention, find_places
from indexer.entities.references import find_references
from indexer.text.languages import Language
from service.query.aspect_intent import asked_aspect
from service.query.question import Question


def understand(text: str, language: Language | None = None) -> Question:
    """Read a question; ``language`` overrides what would be detected."""
    language = language or detect_language(text)
    # Names of months and persons are read composed; the other finders fold what they read.
    composed = unicodedata.normalize("NFC", text)
    in_composed, places = find_places(composed), tuple(find_places(text))
    read = _with_marks(text, places) if language == "vi" else text
    return Question(
        text=text,
        language=language,
        references=tuple(find_references(text)),
        aspect=asked_aspect(read),
        places=places,
        dates=tuple(find_periods(composed)),
        persons=tuple(
            name
            for name in find_persons(composed)
            if not any(_within(name, composed, place) for place in in_composed)
        ),
        marked=read,
    )


def _with_marks(text: str, places: Sequence[PlaceMention]) -> str:
    """A text with its marks; names of provinces have their own."""
    read = restore_diacritics(text)
    for place in places:
        name = place.place if len(place.place) == place.end - place.start else text[place.start : place.end]
        read = read[: place.start] + name + read[place.end :]
    return read


def _within(name: str, text: str, place: PlaceMention) -> bool:
    """Whether a name is, or begins with, that of a province: "Ha Giang", "Lam Dong Provinz"."""
    at = text.find(name)
    return at < place.end and place.start < at + len(name)
