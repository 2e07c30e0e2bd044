"""What a question says by itself: its language, what it names, and the aspect it asks for."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from indexer.aspects import Aspect, asked_aspect, asks_for_several
from indexer.dates import Period, find_periods
from indexer.language import Language, detect_language
from indexer.persons import find_persons
from indexer.places import PlaceMention, find_places, fold
from indexer.references import Reference, find_references

#: Bodies and offices of the reports, folded, in three languages.
_BODIES = re.compile(
    r"\b(?:partei|party|dang (?:uy|vien|bo)|cap uy|komitee|committee|ban chap hanh|ban thuong vu"
    r"|resolution\w*|nghi quyet|politb\w*|bo chinh tri|massenmobili\w*|mass mobili\w*|dan van"
    r"|kader|cadres?|can bo|propagand\w*|tuyen giao"
    r"|arbeitsgruppe|working group|doan kiem tra|provinz\w*|provinc\w*|tinh uy|genoss\w*|comrade|dong chi)"
)


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


def speaks_of_reports(question: Question) -> bool:
    """Whether a question is from the reports' world: it names an act, a province, a person or a body of it.

    Outside it the words of the glossary mean other things.
    """
    return bool(question.keys or question.places or question.persons or _BODIES.search(fold(question.text)))


def collects(question: Question) -> bool:
    """Whether a question wants all that is said, not the one best place."""
    return (
        question.aspect is not None
        and question.aspect != "causes"
        and (asks_for_several(question.text) or bool(question.keys))
    )


def _within(name: str, text: str, place: PlaceMention) -> bool:
    """Whether a name is, or begins with, that of a province: "Ha Giang", "Lam Dong Provinz"."""
    at = text.find(name)
    return at < place.end and place.start < at + len(name)
