"""Hard constraints of a question on documents: place, period, day, person."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from indexer.analysis import analyzer
from indexer.arrays import Ids
from indexer.entities.dates import Period, find_days
from indexer.entities.places import related_places
from indexer.index.generation import Generation
from indexer.storage.document_store import DocumentStore
from indexer.text.normalization import fold
from service.deadline import within_time
from service.query.question import Question
from service.retrieval.corpus_lookup import CorpusLookup


@dataclass(frozen=True, slots=True)
class HardConstraints:
    """Checks documents of one generation against what a question names. Safe to use from several threads."""

    generation: Generation
    lookup: CorpusLookup
    #: By hand, for time: passages in which a name is looked for, those with most of its words.
    passages_searched: int = 100

    def met_by(self, question: Question, documents: Ids) -> list[bool]:
        """Flag for each of the given documents that fits the provinces, dates and persons of a question.

        A document fits a province if it is about it or names it; a year if it was published in it or names
        it; a shorter period if it was published in it or names one that overlaps; a day or a person if it
        names it. What happened in one province, or in March, must not answer for another, or for August.
        """
        meets = {number: self._meets(question, number) for number in within_time(set(documents.tolist()))}
        return [meets[number] for number in documents.tolist()]

    def missing_places(self, question: Question) -> tuple[str, ...]:
        """Provinces of a question that no document is about or names, nor any merged with them."""
        known = set(self.lookup.places)
        return tuple(
            place
            for place in dict.fromkeys(mention.place for mention in question.places)
            if not any(name in known or self._is_named(name) for name in related_places([place]))
        )

    def missing_names(self, question: Question) -> tuple[str, ...]:
        """Persons of a question whom no document names, however many bear parts of their names."""
        return tuple(name for name in question.persons if not self._is_named(name))

    def _meets(self, question: Question, number: int) -> bool:
        return (
            self._fits_places(question, number)
            and self._fits_dates(question, number)
            and self._fits_persons(question, number)
            and self._fits_days(question, number)
        )

    def _fits_places(self, question: Question, number: int) -> bool:
        wanted = related_places(mention.place for mention in question.places)
        if not wanted or self.lookup.place_match(question, np.array([number], np.int64))[0]:
            return True
        return bool(wanted & self.generation.store.places_in(number))

    def _fits_dates(self, question: Question, number: int) -> bool:
        if not question.dates or self.lookup.date_match(question, np.array([number], np.int64))[0]:
            return True
        return any(_mentions_period(period, number, self.generation.store) for period in question.dates)

    def _fits_persons(self, question: Question, number: int) -> bool:
        if not question.persons:
            return True
        text = self.generation.store.document(number).text
        return any(_contains_name(name, text) for name in question.persons)

    def _fits_days(self, question: Question, number: int) -> bool:
        days = find_days(question.normalized_text)
        return not days or bool(days & self.generation.store.days_in(number))

    def _is_named(self, name: str) -> bool:
        """True if a passage holds the name; if one does, it is among those with most of its words.

        Diacritics and the white space between the words are ignored.
        """
        passages, store = self.generation.passages, self.generation.store
        scores = self.generation.lexical.scores(sorted(analyzer.surface_terms(name)))
        count = min(self.passages_searched, len(scores))
        for passage in within_time(np.argpartition(-scores, count - 1)[:count].tolist()):
            text = store.document(int(passages.document[passage])).text
            if _contains_name(name, text[int(passages.start[passage]) : int(passages.end[passage])]):
                return True
        return False


def _mentions_period(period: Period, document: int, store: DocumentStore) -> bool:
    """True if a document names a period's year; a period below a year needs one that overlaps it."""
    text = store.document(document).text
    if period.first[:4] not in text and period.last[:4] not in text:
        return False
    if _is_year(period.first, period.last):
        return True
    return any(
        first <= period.last and period.first <= last
        for first, last in store.periods_in(document)
        if not _is_year(first, last)
    )


def _is_year(first: str, last: str) -> bool:
    return first[5:] == "01-01" and last[5:] == "12-31"


def _contains_name(name: str, text: str) -> bool:
    words = r"\s+".join(re.escape(word) for word in fold(name).split())
    return re.search(rf"(?<!\w){words}(?!\w)", fold(unicodedata.normalize("NFC", text))) is not None
