"""Documents that fit the province and period of a question, and the question without them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from indexer.arrays import Mask
from service.query.question import Question
from service.query.rewriting import rewrite_without_context
from service.retrieval.corpus_lookup import CorpusLookup

#: By hand: a report on a period is published in it or up to so many days after it.
DAYS_AFTER = 120


@dataclass(frozen=True, slots=True)
class QuestionContext:
    """The province and period of a question, applied to a corpus.

    ``documents``: flag for each document that fits, shape ``(documents,)``; ``rewritten``: the question as
    it would be asked about one of these documents alone.
    """

    documents: Mask
    rewritten: str

    @classmethod
    def match(
        cls, question: Question, lookup: CorpusLookup, days_after: int = DAYS_AFTER
    ) -> QuestionContext | None:
        """The context of a question; ``None`` if it names no province or no document fits.

        A date alone is no context: texts that name it report what happened then, whenever they appeared.
        """
        if not question.places:
            return None
        documents = lookup.place_match(question, np.arange(len(lookup.places))) > 0
        if question.dates:
            periods = [(period.first, _later(period.last, days_after)) for period in question.dates]
            dates = [date or "" for date in lookup.published]
            documents &= np.array(
                [any(first <= date <= last for first, last in periods) for date in dates], bool
            )
        return cls(documents, rewrite_without_context(question)) if documents.any() else None


def _later(date: str, days: int) -> str:
    day = datetime.date.fromisoformat(date).toordinal() + days
    return datetime.date.fromordinal(min(day, datetime.date.max.toordinal())).isoformat()
