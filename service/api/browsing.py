"""Browsing the corpus: context of a citation, highlights of a document, suggestions, and facets."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from indexer.annotation.aspects import ASPECTS
from indexer.arrays import Ids, Mask
from indexer.index.generation import Generation
from service.api.browsing_responses import (
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
from service.api.responses import SpanInfo
from service.api.serializers import document_fields, index_info, reference_names
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.filters import Filters

#: Aspect probability from which a sentence counts as being about the aspect.
_ASPECT_THRESHOLD = 0.5
#: Most references that are suggested, aspects suggested for each, and values of a facet.
_MAX_SUGGESTED, _MAX_ASPECTS, _MAX_VALUES = 200, 5, 100
#: Most months by which documents are counted; if there are more, they are counted by year.
_MAX_MONTHS = 36


def suggestions(generation: Generation, lookup: CorpusLookup) -> SuggestionsReply:
    """References in the documents, those of most documents first, with the aspects of each."""
    about_aspect = (generation.aspects >= _ASPECT_THRESHOLD) & ~generation.sentences.heading[:, np.newaxis]
    suggested = []
    for known in lookup.references[:_MAX_SUGGESTED]:
        sentences, _ = generation.attribution.sentences_of_reference(known.key)
        counts = _aspect_counts(about_aspect[sentences].sum(axis=0))
        suggested.append(
            SuggestedReference(
                key=known.key,
                names=reference_names(known.key),
                documents=known.documents,
                aspects=[count.aspect for count in counts][:_MAX_ASPECTS],
            )
        )
    return SuggestionsReply(
        references=suggested,
        aspects=_aspect_counts(about_aspect.sum(axis=0)),
        index=index_info(generation),
    )


def _aspect_counts(sentences: Ids) -> list[AspectCount]:
    """The number of sentences about each aspect, most first, without zeros."""
    counts = zip(ASPECTS, sentences.tolist(), strict=True)
    ordered = sorted(counts, key=lambda pair: -pair[1])
    return [AspectCount(aspect=aspect, sentences=count) for aspect, count in ordered if count]


def facets(generation: Generation, lookup: CorpusLookup, filters: Filters) -> FacetsReply:
    """Numbers of documents by reference, province, and time, each under the filters of the other two."""
    by_reference = lookup.documents_of(replace(filters, references=()))
    by_place = lookup.documents_of(replace(filters, places=()))
    by_time = lookup.documents_of(replace(filters, published_from=None, published_to=None))
    return FacetsReply(
        documents=int(lookup.documents_of(filters).sum()),
        references=_reference_counts(lookup, by_reference),
        places=[
            PlaceCount(value=place, documents=count)
            for place, count in _most_frequent(lookup.places[number] for number in np.flatnonzero(by_place))
        ],
        periods=_period_counts(lookup.published[number] for number in np.flatnonzero(by_time)),
        index=index_info(generation),
    )


def _reference_counts(lookup: CorpusLookup, among: Mask) -> list[ReferenceCount]:
    counts = {key: int(among[documents].sum()) for key, documents in lookup.documents_by_key.items()}
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        ReferenceCount(value=key, names=reference_names(key), documents=count)
        for key, count in ordered[:_MAX_VALUES]
        if count
    ]


def _most_frequent(values: Iterable[str | None]) -> list[tuple[str, int]]:
    counts = Counter(value for value in values if value)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MAX_VALUES]


def _period_counts(days: Iterable[str | None]) -> list[PeriodCount]:
    """Counts by month, or by year if there are many months, the latest first."""
    months = Counter(day[:7] for day in days if day)
    if len(months) <= _MAX_MONTHS:
        return [
            PeriodCount(value=month, first=f"{month}-01", last=_last_day(month), documents=count)
            for month, count in sorted(months.items(), reverse=True)
        ]
    years: Counter[str] = Counter()
    for month, count in months.items():
        years[month[:4]] += count
    return [
        PeriodCount(value=year, first=f"{year}-01-01", last=f"{year}-12-31", documents=count)
        for year, count in sorted(years.items(), reverse=True)[:_MAX_VALUES]
    ]


def _last_day(month: str) -> str:
    return f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:]))[1]:02}"


def context(generation: Generation, document_id: str, start: int, end: int) -> ContextReply | None:
    """The passages that a span lies in; ``None`` if the document or span does not exist."""
    number = generation.store.number_of(document_id)
    if number is None:
        return None
    document = generation.store.document(number)
    if not 0 <= start < end <= len(document.text):
        return None
    passages = generation.passages
    first, stop = np.searchsorted(passages.document, [number, number + 1])
    rows = np.arange(first, stop)
    overlapping = rows[(passages.start[rows] < end) & (passages.end[rows] > start)]
    context_start = min([start, *passages.start[overlapping].tolist()])
    context_end = max([end, *passages.end[overlapping].tolist()])
    return ContextReply(
        **document_fields(document),
        start=context_start,
        end=context_end,
        text=document.text[context_start:context_end],
    )


def document_highlights(generation: Generation, number: int) -> DocumentHighlights:
    """Mentions of references, headings, and sentences about an aspect, in reading order.

    Args:
        number: of the document in the generation.
    """
    sentences, document = generation.sentences, generation.store.document(number)
    first, stop = np.searchsorted(sentences.document, [number, number + 1])
    rows = range(int(first), int(stop))
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
            for aspect in np.flatnonzero(generation.aspects[row] >= _ASPECT_THRESHOLD).tolist()
        ],
        headings=[
            SpanInfo(start=int(sentences.start[row]), end=int(sentences.end[row]))
            for row in rows
            if sentences.heading[row]
        ],
    )
