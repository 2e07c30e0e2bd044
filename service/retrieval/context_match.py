"""TODO docstring."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from indexer.arrays import Mask
from service.query.question import Question
from service.query.rewriting import without_setting
from service.retrieval.corpus_lookup import Catalogue

#: A report on a period is published in it or after it, at most so many days.
_DAYS_AFTER = 120


@dataclass(frozen=True, slots=True)
class Setting:
    """Which documents fit what a question names, one flag each; and the question without it."""

    documents: Mask
    question: str

    @classmethod
    def of(cls, question: Question, catalogue: Catalogue) -> Setting | None:
        """The setting of a question; ``None`` where it names no province, or no document fits it.

        A date alone is none: what happened then is told by texts that name it, whenever they appeared.
        """
        if not question.places:
            return None
        everything = np.arange(len(catalogue.places))
        fits = catalogue.place_fit(question, everything) > 0
        if question.dates:
            spans = [(period.first, _later(period.last)) for period in question.dates]
            dates = [date or "" for date in catalogue.published]
            fits &= np.array([any(first <= date <= last for first, last in spans) for date in dates], bool)
        return cls(fits, without_setting(question)) if fits.any() else None


def _later(date: str) -> str:
    day = datetime.date.fromisoformat(date).toordinal() + _DAYS_AFTER
    return datetime.date.fromordinal(min(day, datetime.date.max.toordinal())).isoformat()
