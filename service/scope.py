"""Which documents may answer: those of the province and time asked about, naming the persons asked about."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from indexer import analyzer
from indexer.places import find_places, fold, related_places
from service.catalogue import Numbers
from service.query import Question
from service.retrieval import Retriever

#: Passages in which a person's name is looked for, those with most of its words.
_PASSAGES_READ = 100


def in_setting(question: Question, documents: Numbers, retriever: Retriever) -> list[bool]:
    """Whether each sentence's document fits the provinces and dates that a question names.

    A document fits a province when it is about it or names it, and a period when it was published in it
    or names its year. What happened in one province must not answer for another.
    """
    store, catalogue = retriever.generation.store, retriever.catalogue
    wanted = related_places(mention.place for mention in question.places)
    years = {period.first[:4] for period in question.dates}
    fits: dict[int, bool] = {}
    for number in set(documents.tolist()):
        document = store.document(number)
        one = np.array([number], np.int64)
        place = not wanted or bool(
            catalogue.place_fit(question, one)[0]
            or wanted.intersection(mention.place for mention in find_places(document.text))
        )
        date = not years or bool(
            catalogue.date_fit(question, one)[0] or any(year in document.text for year in years)
        )
        fits[number] = place and date
    return [fits[number] for number in documents.tolist()]


def unnamed(question: Question, retriever: Retriever) -> tuple[str, ...]:
    """Persons of a question whom no document names, however many bear parts of their names.

    A name is looked for in the passages that hold most of its words; where it stands, it stands in one of
    them. Diacritics and the white space between its words do not count.
    """
    return tuple(name for name in question.persons if not _named(name, retriever))


def _named(name: str, retriever: Retriever) -> bool:
    generation = retriever.generation
    spans = generation.passages
    scores = generation.lexical.scores(sorted(analyzer.written_terms(name)))
    words = r"\s+".join(re.escape(word) for word in fold(name).split())
    pattern = re.compile(rf"(?<!\w){words}(?!\w)")
    kept = min(_PASSAGES_READ, len(scores))
    for passage in np.argpartition(-scores, kept - 1)[:kept].tolist():
        document = generation.store.document(int(spans.document[passage]))
        text = document.text[int(spans.start[passage]) : int(spans.end[passage])]
        if pattern.search(fold(unicodedata.normalize("NFC", text))):
            return True
    return False
