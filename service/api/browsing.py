"""Browsing the corpus: context of a citation, highlights of a document, suggestions."""

from __future__ import annotations

import numpy as np

from indexer.annotation.aspects import ASPECTS
from indexer.arrays import Ids
from indexer.index.generation import Generation
from service.api.browsing_responses import (
    AspectCount,
    AspectMention,
    ContextReply,
    DocumentHighlights,
    MentionInfo,
    SuggestedReference,
    SuggestionsReply,
)
from service.api.responses import SpanInfo
from service.api.serializers import document_fields, index_info, reference_names
from service.deadline import within_time
from service.retrieval.corpus_lookup import CorpusLookup

#: By hand, as in answering: aspect probability from which a sentence counts as being about the aspect.
_ASPECT_THRESHOLD = 0.5
#: Most references that are suggested, and aspects suggested for each.
_MAX_SUGGESTED, _MAX_ASPECTS = 200, 5


def suggestions(generation: Generation, lookup: CorpusLookup) -> SuggestionsReply:
    """References in the documents, those of most documents first, with the aspects of each."""
    about_aspect = (generation.aspects >= _ASPECT_THRESHOLD) & ~generation.sentences.heading[:, np.newaxis]
    suggested = []
    for known in within_time(lookup.references[:_MAX_SUGGESTED]):
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
