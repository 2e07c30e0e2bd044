"""A question's setting: the province and period it names, and what it asks once they are taken as given.

Within the report of one province the province's name tells nothing: its sentences say "the province" or
leave it out. So where a document fits the setting, its sentences are also compared with the question as
it would be asked about this report alone: "Who chaired the Nghe An meeting in April 2024?" as "Who chaired
the meeting?".
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.language import Language
from service.catalogue import Catalogue
from service.query import Question

Mask = npt.NDArray[np.bool_]

#: A report on a period is published in it or after it, at most so many days.
_DAYS_AFTER = 120

#: Words that lead to a province or a date, and the kind of place before its name: they go with it.
_BEFORE: dict[Language, str] = {
    "de": r"(?:in|im|aus|von|vom|bei|beim|am|für|zu|zum|zur|ab|seit|bis|an|auf|über|um)"
    r"(?:\s+(?:der|dem|den|die|das))?(?:\s+(?:provinz|stadt))?",
    "en": r"(?:in|of|from|on|for|at|during|since|by|to|about)(?:\s+the)?(?:\s+(?:province|city)(?:\s+of)?)?",
    "vi": r"(?:ở|tại|của|vào|trong|về|từ|đến|ngày|tháng|năm)(?:\s+(?:tỉnh|thành\s+phố))?",
}
#: A name after one of these is left out, and they stay.
_KIND: dict[Language, str] = {
    "de": r"(?:provinz|stadt)",
    "en": r"(?:the|province|city)",
    "vi": r"(?:tỉnh|thành\s+phố)",
}
_PROVINCE: dict[Language, str] = {"de": "die Provinz", "en": "the province", "vi": "tỉnh"}


@dataclass(frozen=True, slots=True)
class Setting:
    """Which documents fit what a question names, one flag each; and the question without it."""

    documents: Mask
    question: str

    @classmethod
    def of(cls, question: Question, catalogue: Catalogue) -> Setting | None:
        """The setting of a question; ``None`` where it names none, or no document fits it."""
        if not question.places and not question.dates:
            return None
        everything = np.arange(len(catalogue.places))
        fits = np.ones(len(everything), np.bool_)
        if question.places:
            fits &= catalogue.place_fit(question, everything) > 0
        if question.dates:
            fits &= np.array([_published_on(question, date) for date in catalogue.published], np.bool_)
        if not fits.any():
            return None
        return cls(fits, without_setting(question))


def _published_on(question: Question, published: str | None) -> bool:
    if published is None:
        return False
    return any(period.first <= published <= _later(period.last) for period in question.dates)


def _later(date: str) -> str:
    return (datetime.date.fromisoformat(date) + datetime.timedelta(days=_DAYS_AFTER)).isoformat()


def without_setting(question: Question) -> str:
    """A question as it would be asked about one report.

    Dates and provinces go, with the preposition before them; a province that does or has something
    becomes "the province".
    """
    text = question.text
    for period in question.dates:
        text = _without(text, period.text, "", question.language)
    for place in question.places:
        text = _without(text, place.text, _PROVINCE[question.language], question.language)
    return re.sub(r"\s+([?.!,])", r"\1", re.sub(r"\s+", " ", text)).strip()


def _without(text: str, mention: str, instead: str, language: Language) -> str:
    """A text without the first mention of something, or with other words ``instead`` of a bare one."""
    name = re.escape(mention) + (r"(?:\s+(?:province|city)\b)?" if language == "en" else "")
    for pattern, replacement in (
        (rf"\b{_BEFORE[language]}\s+{name}", ""),
        (rf"\b({_KIND[language]}(?:\s+of)?)\s+{name}", r"\1"),
        (name, instead),
    ):
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.IGNORECASE)
        if count:
            return re.sub(r"\b(province|city) of$", r"\1", changed)
    return text
