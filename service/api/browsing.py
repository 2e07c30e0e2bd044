"""What people look at beside answers: the place around a quotation, what a document tells, what there is."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from indexer.annotation.aspects import ASPECTS
from indexer.arrays import Ids
from indexer.entities.references import display_name
from indexer.text.languages import LANGUAGES, Language
from service.api import responses
from service.api.responses import (
    AspectCount,
    AspectMention,
    ContextReply,
    DocumentHighlights,
    FacetsReply,
    MentionInfo,
    PeriodCount,
    PlaceCount,
    ReferenceCount,
    SuggestedReference,
    SuggestionsReply,
)
from service.api.serializers import document_info, index_info
from service.engine import Engine
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.filters import Filters

#: A sentence counts as telling an aspect from this probability on.
_TELLS = 0.5
#: Acts that are suggested, aspects suggested of each, values of a facet: the most frequent.
_SUGGESTED, _ASPECTS_OF_ACT, _VALUES = 200, 5, 100
#: Months, up to which documents are counted by month and not by year.
_MONTHS = 36


def suggestions(engine: Engine) -> SuggestionsReply:
    """Acts that the documents name, those of most documents first, and the aspects told of each."""
    generation, catalogue = engine.generation, engine.lookup
    attribution = generation.attribution
    tells = (generation.aspects >= _TELLS) & ~generation.sentences.heading[:, np.newaxis]
    return SuggestionsReply(
        references=[
            SuggestedReference(
                key=known.key,
                names=names_of(known.key),
                documents=known.documents,
                aspects=[
                    count.aspect
                    for count in _aspect_counts(
                        tells[attribution.sentences_of_reference(known.key)[0]].sum(axis=0)
                    )
                ][:_ASPECTS_OF_ACT],
            )
            for known in catalogue.references[:_SUGGESTED]
        ],
        aspects=_aspect_counts(tells.sum(axis=0)),
        index=index_info(engine),
    )


def names_of(key: str) -> dict[Language, str]:
    """What an act is called, by language."""
    return {language: display_name(key, language) for language in LANGUAGES}


def _aspect_counts(sentences: Ids) -> list[AspectCount]:
    """How many sentences tell each aspect, most first."""
    counts = zip(ASPECTS, sentences.tolist(), strict=True)
    ordered = sorted(counts, key=lambda pair: -pair[1])
    return [AspectCount(aspect=aspect, sentences=count) for aspect, count in ordered if count]


def facets(engine: Engine, filters: Filters) -> FacetsReply:
    """How many documents there are by act, province and time; each among those the other filters let pass."""
    catalogue = engine.lookup
    by_act = catalogue.documents_of(replace(filters, references=()))
    by_place = catalogue.documents_of(replace(filters, places=()))
    by_time = catalogue.documents_of(replace(filters, published_from=None, published_to=None))
    return FacetsReply(
        documents=int(catalogue.documents_of(filters).sum()),
        references=_references(catalogue, by_act),
        places=[
            PlaceCount(value=place, documents=count)
            for place, count in _most(catalogue.places[number] for number in np.flatnonzero(by_place))
        ],
        periods=_periods(catalogue.published[number] for number in np.flatnonzero(by_time)),
        index=index_info(engine),
    )


def _references(
    catalogue: CorpusLookup, among: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> list[ReferenceCount]:
    counts = {key: int(among[documents].sum()) for key, documents in catalogue.documents_by_key.items()}
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        ReferenceCount(value=key, names=names_of(key), documents=count)
        for key, count in ordered[:_VALUES]
        if count
    ]


def _most(values: Iterable[str | None]) -> list[tuple[str, int]]:
    counts = Counter(value for value in values if value)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_VALUES]


def _periods(days: Iterable[str | None]) -> list[PeriodCount]:
    """By month, or by year where there are many, the latest first."""
    months = Counter(day[:7] for day in days if day)
    if len(months) <= _MONTHS:
        return [
            PeriodCount(value=month, first=f"{month}-01", last=_last_day(month), documents=count)
            for month, count in sorted(months.items(), reverse=True)
        ]
    years: Counter[str] = Counter()
    for month, count in months.items():
        years[month[:4]] += count
    return [
        PeriodCount(value=year, first=f"{year}-01-01", last=f"{year}-12-31", documents=count)
        for year, count in sorted(years.items(), reverse=True)[:_VALUES]
    ]


def _last_day(month: str) -> str:
    return f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:]))[1]:02}"


def context(engine: Engine, document_id: str, start: int, end: int) -> ContextReply | None:
    """The passages that a place lies in; ``None``: no such place."""
    generation = engine.generation
    number = generation.store.number_of(document_id)
    if number is None:
        return None
    document = generation.store.document(number)
    if not 0 <= start < end <= len(document.text):
        return None
    passages = generation.passages
    first, behind = np.searchsorted(passages.document, [number, number + 1])
    rows = np.arange(first, behind)
    holding = rows[(passages.start[rows] < end) & (passages.end[rows] > start)]
    begin = min([start, *passages.start[holding].tolist()])
    finish = max([end, *passages.end[holding].tolist()])
    return ContextReply(
        **document_info(document).model_dump(),
        start=begin,
        end=finish,
        text=document.text[begin:finish],
    )


def document_highlights(engine: Engine, number: int) -> DocumentHighlights:
    """Mentions of acts, headings, and the sentences of a document that tell an aspect, as they are read."""
    generation = engine.generation
    sentences, document = generation.sentences, generation.store.document(number)
    first, behind = np.searchsorted(sentences.document, [number, number + 1])
    rows = range(int(first), int(behind))
    return DocumentHighlights(
        mentions=[
            MentionInfo(key=reference.key, start=reference.start, end=reference.end)
            for reference in document.references
        ],
        told=[
            AspectMention(
                aspect=ASPECTS[aspect], start=int(sentences.start[row]), end=int(sentences.end[row])
            )
            for row in rows
            if not sentences.heading[row]
            for aspect in np.flatnonzero(generation.aspects[row] >= _TELLS).tolist()
        ],
        headings=[
            responses.SpanInfo(start=int(sentences.start[row]), end=int(sentences.end[row]))
            for row in rows
            if sentences.heading[row]
        ],
    )
