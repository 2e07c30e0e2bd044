"""Facets: numbers of documents by reference, province and time."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from indexer.arrays import Mask
from indexer.index.generation import Generation
from service.api.browsing_responses import FacetsReply, PeriodCount, PlaceCount, ReferenceCount
from service.api.serializers import index_info, reference_names
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.filters import Filters

#: Most values of a facet.
_MAX_VALUES = 100
#: Most months by which documents are counted; if there are more, they are counted by year.
_MAX_MONTHS = 36


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
