"""Measures of answers: statuses, gold sentences, citations, and agreement between languages.

Most functions return question → value, without the questions that the measure does not apply to.
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
from eval.metrics.spans import folded, occurrences, overlap
from eval.systems.protocol import DocumentSpan, RetrievedPassage, System, SystemReply
from indexer.errors import SourceError

Replies = Mapping[str, SystemReply]
#: Question → the spans of each of its gold sentences.
GoldSpans = Mapping[str, Sequence[Sequence[DocumentSpan]]]
#: Passages that a user sees at once.
FIRST_PASSAGES = 3
#: Accepted share of refusals among the answerable questions.
FALSE_ABSTENTION = 0.1


def gold_spans(cases: Sequence[Case], system: System) -> dict[str, list[tuple[DocumentSpan, ...]]]:
    """The spans of the gold sentences in the texts of the index.

    Raises:
        SourceError: a gold document or sentence is not in the index: the questions belong to another one.
    """
    spans: dict[str, list[tuple[DocumentSpan, ...]]] = {}
    for case in cases:
        spans[case.query.query_id] = []
        for gold in case.gold:
            text = system.text(gold.document_id)
            found = occurrences(gold.quote, gold.document_id, text) if text is not None else ()
            if not found:
                missing = "is not in the index" if text is None else f"does not hold {gold.quote[:60]!r}"
                raise SourceError(
                    f"question {case.query.query_id!r}: document {gold.document_id!r} {missing}"
                )
            spans[case.query.query_id].append(found)
    return spans


def status_right(cases: Sequence[Case], replies: Replies) -> Values:
    """1 if the status is the expected one."""
    return {c.query.query_id: float(replies[c.query.query_id].status == c.status) for c in cases}


def confusion(cases: Sequence[Case], replies: Replies) -> dict[str, dict[str, int]]:
    """Expected status → given status → count."""
    table: dict[str, dict[str, int]] = {}
    for case in cases:
        row = table.setdefault(case.status, {})
        given = replies[case.query.query_id].status
        row[given] = row.get(given, 0) + 1
    return table


def gold_recall(gold: GoldSpans, replies: Replies) -> Values:
    """The share of the gold sentences that a statement overlaps; 0 if refused."""
    return {
        query_id: sum(
            any(overlap(cited.span, span) for cited in replies[query_id].cited for span in spans)
            for spans in sentences
        )
        / len(sentences)
        for query_id, sentences in gold.items()
        if sentences
    }


def statement_precision(gold: GoldSpans, replies: Replies) -> Values:
    """The share of the statements that overlap a gold sentence, of every question with statements.

    An answer to an unanswerable question counts as 0. Gold may be incomplete: this is a lower bound.
    """
    return {
        query_id: sum(
            any(overlap(cited.span, span) for spans in sentences for span in spans)
            for cited in replies[query_id].cited
        )
        / len(replies[query_id].cited)
        for query_id, sentences in gold.items()
        if replies[query_id].cited
    }


def statement_f1(gold: GoldSpans, replies: Replies) -> Values:
    """The harmonic mean of gold recall and statement precision, of every question with gold; 0 if refused."""
    recall, precision = gold_recall(gold, replies), statement_precision(gold, replies)
    return {
        query_id: 2 * share * precision[query_id] / (share + precision[query_id]) if share else 0.0
        for query_id, share in recall.items()
    }


def confidence_quality(cases: Sequence[Case], replies: Replies) -> dict[str, Any]:
    """AUROC, calibration error and reliability of the confidence that a question is answerable."""
    confidence = np.array([replies[case.query.query_id].confidence for case in cases], np.float64)
    answerable = np.array([case.status == "answered" for case in cases], np.bool_)
    weight = np.ones(len(cases))
    return {
        "auroc": auroc(confidence, answerable, weight),
        "ece": calibration_error(confidence, answerable, weight),
        "reliability": reliability(confidence, answerable, weight),
    }


def abstention_quality(
    answerable: Sequence[Query], unanswerable: Sequence[Query], replies: Replies
) -> dict[str, Any]:
    """Separation of answerable from unanswerable questions of the same languages by the confidence.

    ``abstained``: share of the unanswerable that are refused if one in ten of the answerable is.
    """
    languages = {query.language for query in unanswerable}
    positive = np.array([replies[q.query_id].confidence for q in answerable if q.language in languages])
    negative = np.array([replies[query.query_id].confidence for query in unanswerable])
    both = np.concatenate([positive, negative])
    outcome = np.arange(len(both)) < len(positive)
    threshold = np.quantile(positive, FALSE_ABSTENTION) if len(positive) else None
    return {
        "languages": sorted(languages),
        "answerable": len(positive),
        "unanswerable": len(negative),
        "auroc": auroc(both, outcome, np.ones(len(both))),
        "abstained": None if threshold is None else float(np.mean(negative < threshold)),
    }


def gold_in_first_passages(gold: GoldSpans, found: Mapping[str, Sequence[RetrievedPassage]]) -> Values:
    """1 if the best sentence of one of the first three passages is a gold sentence."""
    return {
        query_id: float(
            any(
                overlap(passage.best_sentence, span)
                for passage in found[query_id][:FIRST_PASSAGES]
                for spans in sentences
                for span in spans
            )
        )
        for query_id, sentences in gold.items()
        if sentences
    }


def citations_valid(replies: Replies, system: System) -> tuple[Values, int]:
    """1 if all quotations of a reply equal their cited spans; and the number of those that do not."""
    values, failures = {}, 0
    for query_id, reply in replies.items():
        wrong = sum(not _equals_text(cited.span, cited.quote, system) for cited in reply.cited)
        failures += wrong
        if reply.cited:
            values[query_id] = float(wrong == 0)
    return values, failures


def _equals_text(span: DocumentSpan, quote: str, system: System) -> bool:
    text = system.text(span.document_id)
    return text is not None and bool(quote.strip()) and text[span.start : span.end] == quote


def parity(queries: Sequence[Query], replies: Replies) -> dict[str, Values]:
    """Jaccard overlap of the cited spans: language pair, such as ``de-vi`` → ``parallel`` → 0 to 1.

    Pairs without any citation are left out.
    """
    by_parallel: dict[str, dict[str, frozenset[DocumentSpan]]] = {}
    for query in queries:
        spans = frozenset(cited.span for cited in replies[query.query_id].cited)
        by_parallel.setdefault(query.parallel, {})[query.language] = spans
    pairs: dict[str, Values] = {}
    for parallel, by_language in by_parallel.items():
        for a, b in combinations(sorted(by_language), 2):
            union = by_language[a] | by_language[b]
            if union:
                shared = by_language[a] & by_language[b]
                pairs.setdefault(f"{a}-{b}", {})[parallel] = len(shared) / len(union)
    return pairs


def answered(queries: Sequence[Query], replies: Replies) -> Values:
    """1 if the question was answered."""
    return {query.query_id: float(replies[query.query_id].status == "answered") for query in queries}


def holds_answer(queries: Sequence[Query], replies: Replies, first: int | None = None) -> Values:
    """1 if one of the ``first`` citations contains an answer string, case and white space folded.

    Only for questions with answer strings; a refusal counts as 0.
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
