"""What a question says by itself: its language, what it names, and the aspect it asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.aspects import Aspect, asked_aspect, asks_for_several
from indexer.dates import Period, find_periods
from indexer.language import Language, detect_language
from indexer.marks import with_marks
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
    read = with_marks(text)
    for place in places:
        name = place.place if len(place.place) == place.end - place.start else text[place.start : place.end]
        read = read[: place.start] + name + read[place.end :]
    return read


def speaks_of_reports(question: Question) -> bool:
    """Whether a question is from the reports' world: it names an act, a province, a person or a body of it.

    Outside it the words of the glossary mean other things.
    """
    return bool(question.keys or question.places or question.persons or _BODIES.search(fold(question.read)))


def collects(question: Question) -> bool:
    """Whether a question wants all that is said, not the one best place."""
    return (
        question.aspect is not None
        and question.aspect != "causes"
        and (asks_for_several(question.read) or bool(question.keys))
    )


def _within(name: str, text: str, place: PlaceMention) -> bool:
    """Whether a name is, or begins with, that of a province: "Ha Giang", "Lam Dong Provinz"."""
    at = text.find(name)
    return at < place.end and place.start < at + len(name)
