"""Figures on answers: statuses, gold places, citations, and the same places in every language.

Each function gives question → value; a question it says nothing about is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from eval.datasets.query import Query
from eval.datasets.question_file import Case
from eval.metrics.calibration import auroc, calibration_error, reliability
from eval.metrics.ranking import Values
from eval.metrics.spans import folded, overlap, places_of
from eval.systems.protocol import Found, Place, Reply, System
from indexer.errors import SourceError

Replies = Mapping[str, Reply]
#: Question → the places of each of its gold sentences.
GoldPlaces = Mapping[str, Sequence[Sequence[Place]]]
#: Hits whose best sentence a reader of a result list sees at once.
FIRST_HITS = 3
#: Share of the answerable questions whose refusal is put up with.
FALSE_ABSTENTION = 0.1


def gold_places(cases: Sequence[Case], system: System) -> dict[str, list[tuple[Place, ...]]]:
    """Where the gold sentences stand in the texts of the index.

    Raises:
        SourceError: a gold document or sentence is not in the index, so the questions are on another one.
    """
    places: dict[str, list[tuple[Place, ...]]] = {}
    for case in cases:
        places[case.query.query_id] = []
        for gold in case.gold:
            text = system.text(gold.document_id)
            found = places_of(gold.quote, gold.document_id, text) if text is not None else ()
            if not found:
                missing = "is not in the index" if text is None else f"does not hold {gold.quote[:60]!r}"
                raise SourceError(
                    f"question {case.query.query_id!r}: document {gold.document_id!r} {missing}"
                )
            places[case.query.query_id].append(found)
    return places


def status_right(cases: Sequence[Case], replies: Replies) -> Values:
    """1 where the status is the expected one."""
    return {c.query.query_id: float(replies[c.query.query_id].status == c.status) for c in cases}


def confusion(cases: Sequence[Case], replies: Replies) -> dict[str, dict[str, int]]:
    """Expected status → status given → how many."""
    table: dict[str, dict[str, int]] = {}
    for case in cases:
        row = table.setdefault(case.status, {})
        given = replies[case.query.query_id].status
        row[given] = row.get(given, 0) + 1
    return table


def gold_recall(gold: GoldPlaces, replies: Replies) -> Values:
    """Share of the gold sentences that a statement overlaps; 0 where nothing was answered."""
    return {
        query_id: sum(
            any(overlap(cited.place, place) for cited in replies[query_id].cited for place in places)
            for places in sentences
        )
        / len(sentences)
        for query_id, sentences in gold.items()
        if sentences
    }


def statement_precision(gold: GoldPlaces, replies: Replies) -> Values:
    """Share of the statements that overlap any gold sentence, for every question that got some.

    A question answered that should not be counts as 0. Gold may be incomplete: this is a lower bound.
    """
    return {
        query_id: sum(
            any(overlap(cited.place, place) for places in sentences for place in places)
            for cited in replies[query_id].cited
        )
        / len(replies[query_id].cited)
        for query_id, sentences in gold.items()
        if replies[query_id].cited
    }


def statement_f1(gold: GoldPlaces, replies: Replies) -> Values:
    """Harmonic mean of gold recall and statement precision, of every question with gold; 0 where refused."""
    recall, precision = gold_recall(gold, replies), statement_precision(gold, replies)
    return {
        query_id: 2 * found * precision[query_id] / (found + precision[query_id]) if found else 0.0
        for query_id, found in recall.items()
    }


def confidence_quality(cases: Sequence[Case], replies: Replies) -> dict[str, Any]:
    """How well the confidence tells questions that are to be answered from others: AUROC, calibration error
    (both unweighted), and the reliability of each tenth."""
    said = np.array([replies[case.query.query_id].confidence for case in cases], np.float64)
    true = np.array([case.status == "answered" for case in cases], np.bool_)
    weight = np.ones(len(cases))
    return {
        "auroc": auroc(said, true, weight),
        "ece": calibration_error(said, true, weight),
        "reliability": reliability(said, true, weight),
    }


def abstention_quality(known: Sequence[Query], unknown: Sequence[Query], replies: Replies) -> dict[str, Any]:
    """How well the confidence tells questions without an answer from those with one, in the same languages.

    ``abstained``: share of those without one that are refused where one in ten of the others is.
    """
    languages = {query.language for query in unknown}
    said = np.array([replies[q.query_id].confidence for q in known if q.language in languages])
    of_unknown = np.array([replies[query.query_id].confidence for query in unknown])
    both = np.concatenate([said, of_unknown])
    true = np.arange(len(both)) < len(said)
    return {
        "languages": sorted(languages),
        "answerable": len(said),
        "unanswerable": len(of_unknown),
        "auroc": auroc(both, true, np.ones(len(both))),
        "abstained": float(np.mean(of_unknown < np.quantile(said, FALSE_ABSTENTION))) if len(said) else None,
    }


def gold_in_first_hits(gold: GoldPlaces, found: Mapping[str, Sequence[Found]]) -> Values:
    """1 where the best sentence of one of the first three hits is a gold sentence."""
    return {
        query_id: float(
            any(
                overlap(hit.best_sentence, place)
                for hit in found[query_id][:FIRST_HITS]
                for places in sentences
                for place in places
            )
        )
        for query_id, sentences in gold.items()
        if sentences
    }


def citations_valid(replies: Replies, system: System) -> tuple[Values, int]:
    """1 where all citations of a reply stand where they say, word for word; and how many do not."""
    values, failures = {}, 0
    for query_id, reply in replies.items():
        wrong = sum(not _stands(cited.place, cited.quote, system) for cited in reply.cited)
        failures += wrong
        if reply.cited:
            values[query_id] = float(wrong == 0)
    return values, failures


def _stands(place: Place, quote: str, system: System) -> bool:
    text = system.text(place.document_id)
    return text is not None and bool(quote.strip()) and text[place.start : place.end] == quote


def parity(queries: Sequence[Query], replies: Replies) -> dict[str, Values]:
    """Jaccard overlap of the places cited: language pair, such as ``de-vi`` → ``parallel`` → 0 to 1.

    Pairs in which neither language cites anything are left out: their statuses say what is to be said.
    """
    by_parallel: dict[str, dict[str, frozenset[Place]]] = {}
    for query in queries:
        places = frozenset(cited.place for cited in replies[query.query_id].cited)
        by_parallel.setdefault(query.parallel, {})[query.language] = places
    pairs: dict[str, Values] = {}
    for parallel, by_language in by_parallel.items():
        for a, b in combinations(sorted(by_language), 2):
            union = by_language[a] | by_language[b]
            if union:
                shared = by_language[a] & by_language[b]
                pairs.setdefault(f"{a}-{b}", {})[parallel] = len(shared) / len(union)
    return pairs


def answered(queries: Sequence[Query], replies: Replies) -> Values:
    """1 where the question was answered."""
    return {query.query_id: float(replies[query.query_id].status == "answered") for query in queries}


def holds_answer(queries: Sequence[Query], replies: Replies, first: int | None = None) -> Values:
    """1 where one of the ``first`` citations holds an answer string, case and white space folded.

    Only questions that have answer strings; not answered counts as 0.
    """
    return {
        query.query_id: float(
            any(
                folded(answer) in folded(cited.quote)
                for cited in replies[query.query_id].cited[:first]
                for answer in query.answers
            )
        )
        for query in queries
        if query.answers
    }
