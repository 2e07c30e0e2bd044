"""Question understanding: language, references, places, dates, persons, aspect."""

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
    """Understand a question; ``language`` overrides the detected one."""
    language = language or detect_language(text)
    # Months and persons are found in composed text (NFC); the other finders fold the text themselves.
    composed = unicodedata.normalize("NFC", text)
    in_composed, places = find_places(composed), tuple(find_places(text))
    normalized = _with_diacritics(text, places) if language == "vi" else text
    return Question(
        text=text,
        language=language,
        references=tuple(find_references(text)),
        aspect=asked_aspect(normalized),
        places=places,
        dates=tuple(find_periods(composed)),
        persons=tuple(
            name
            for name in find_persons(composed)
            if not any(_overlaps(name, composed, place) for place in in_composed)
        ),
        normalized=normalized,
    )


def _with_diacritics(text: str, places: Sequence[PlaceMention]) -> str:
    """A text with its diacritics restored; provinces are written as the gazetteer has them."""
    restored = restore_diacritics(text)
    for place in places:
        name = place.place if len(place.place) == place.end - place.start else text[place.start : place.end]
        restored = restored[: place.start] + name + restored[place.end :]
    return restored


def _overlaps(name: str, text: str, place: PlaceMention) -> bool:
    """True if a name is, or begins with, that of a province: "Ha Giang", "Lam Dong Provinz"."""
    at = text.find(name)
    return at < place.end and place.start < at + len(name)
