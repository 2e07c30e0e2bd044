"""Counts of what the documents say about a reference, by aspect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.annotation.aspects import ASPECTS, Aspect
from indexer.arrays import Ids
from indexer.index.generation import Generation
from service.answering.constraints import HardConstraints
from service.query.question import Question
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.filters import Filters
from service.scoring.features import reference_relevance


def count_aspects(
    generation: Generation,
    lookup: CorpusLookup,
    constraints: HardConstraints,
    question: Question,
    keys: Sequence[str],
    filters: Filters | None,
    threshold: float,
) -> dict[Aspect, int]:
    """Numbers of sentences about the references that express each other aspect, most first.

    Counted in documents that may answer: those that pass the filters and fit the place and time asked about.
    Aspects without a sentence are left out.

    Args:
        keys: of the references; the corpus names each.
        threshold: probability from which on a sentence is about a reference, or expresses an aspect.
    """
    attributed = [generation.attribution.sentences_of_reference(key)[0] for key in keys]
    numbers = _passing(np.unique(np.concatenate(attributed)), filters, lookup)
    documents = generation.sentences.document[numbers]
    about = reference_relevance(keys, numbers, documents, lookup, generation.attribution) >= threshold
    numbers = numbers[about & ~generation.sentences.heading[numbers]]
    numbers = numbers[constraints.met_by(question, generation.sentences.document[numbers])]
    counts = (generation.aspects[numbers] >= threshold).sum(axis=0)
    ordered = sorted(zip(ASPECTS, counts.tolist(), strict=True), key=lambda pair: -pair[1])
    return {aspect: count for aspect, count in ordered if count and aspect != question.aspect}


def _passing(sentences: Ids, filters: Filters | None, lookup: CorpusLookup) -> Ids:
    """The sentences whose passage passes the filters."""
    allowed = lookup.passages_of(filters) if filters else None
    if allowed is None:
        return sentences
    return sentences[np.isin(lookup.passage_of[sentences], allowed)]
