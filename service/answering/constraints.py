"""Which documents may answer: those of the province and time asked about, naming the persons asked about."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from indexer.analysis import analyzer
from indexer.arrays import Ids
from indexer.entities.dates import Period, find_days
from indexer.entities.places import related_places
from indexer.storage.document_store import DocumentStore
from indexer.text.normalization import fold
from service.query.question import Question
from service.retrieval.retriever import Retriever

#: Passages in which a person's name is looked for, those with most of its words.
_PASSAGES_READ = 100


def in_setting(question: Question, documents: Ids, retriever: Retriever) -> list[bool]:
    """Whether each sentence's document fits the provinces, dates and persons that a question names.

    A document fits a province when it is about it or names it, a year when it was published in it or names
    it, a shorter period when it was published in it or names one that overlaps, a day or a person when it
    names it. What happened in one province, or in March, must not answer for another, or for August.
    """
    store, catalogue = retriever.generation.store, retriever.catalogue
    wanted = related_places(mention.place for mention in question.places)
    days = find_days(question.read)
    fits: dict[int, bool] = {}
    for number in set(documents.tolist()):
        document = store.document(number)
        one = np.array([number], np.int64)
        place = not wanted or bool(catalogue.place_fit(question, one)[0] or wanted & store.places_in(number))
        date = not question.dates or bool(
            catalogue.date_fit(question, one)[0]
            or any(_mentions_period(period, number, store) for period in question.dates)
        )
        person = not question.persons or any(_stands_in(name, document.text) for name in question.persons)
        day = not days or bool(days & store.days_in(number))
        fits[number] = place and date and person and day
    return [fits[number] for number in documents.tolist()]


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


def absent(question: Question, retriever: Retriever) -> tuple[str, ...]:
    """Provinces of a question that no document is about or names, nor any merged with them."""
    known = set(retriever.catalogue.places)
    return tuple(
        place
        for place in dict.fromkeys(mention.place for mention in question.places)
        if not any(name in known or _named(name, retriever) for name in related_places([place]))
    )


def unnamed(question: Question, retriever: Retriever) -> tuple[str, ...]:
    """Persons of a question whom no document names, however many bear parts of their names.

    A name is looked for in the passages that hold most of its words; where it stands, it stands in one of
    them. Diacritics and the white space between its words do not count.
    """
    return tuple(name for name in question.persons if not _named(name, retriever))


def _named(name: str, retriever: Retriever) -> bool:
    generation = retriever.generation
    spans = generation.passages
    scores = generation.lexical.scores(sorted(analyzer.surface_terms(name)))
    kept = min(_PASSAGES_READ, len(scores))
    for passage in np.argpartition(-scores, kept - 1)[:kept].tolist():
        document = generation.store.document(int(spans.document[passage]))
        if _stands_in(name, document.text[int(spans.start[passage]) : int(spans.end[passage])]):
            return True
    return False


def _stands_in(name: str, text: str) -> bool:
    words = r"\s+".join(re.escape(word) for word in fold(name).split())
    return re.search(rf"(?<!\w){words}(?!\w)", fold(unicodedata.normalize("NFC", text))) is not None
