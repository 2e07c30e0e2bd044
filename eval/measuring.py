"""Which figures a set is measured by: rankings of a BEIR folder, answers of a question file."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval import answers, runs
from eval.datasets import BeirSet, Query, QuestionSet
from eval.figures import ALL, PARITY, Measured, by_language, by_pair
from eval.metrics import Qrels, Run, Values, ranking_values
from eval.systems import System


@dataclass(frozen=True, slots=True)
class Outcome:
    """A measured set with what was asked and, for a BEIR set, the run and its judgements."""

    measured: Measured
    queries: tuple[Query, ...]
    run: Run
    qrels: Qrels


def measure_beir(
    dataset: BeirSet,
    system: System,
    *,
    limit: int | None = None,
    with_answers: bool = False,
    track: runs.Track[Query] = runs.untracked,
) -> Outcome:
    """Rank documents for every judged question; with ``with_answers``, also ask them and the unanswerable."""
    queries = runs.first_of_each_language(dataset.judged, limit)
    began = time.perf_counter()
    run = runs.rank(queries, system, track)
    details: dict[str, Any] = {"seconds_per_search": _each(began, queries)}
    qrels = {query.query_id: dataset.qrels[query.query_id] for query in queries}
    values = ranking_values(qrels, run)
    asked = queries
    if with_answers:
        others = [q for q in dataset.queries if q.unanswerable and q.query_id not in qrels]
        asked = (*queries, *runs.first_of_each_language(others, limit))
        began = time.perf_counter()
        replies = runs.ask(asked, system, track)
        details["seconds_per_answer"] = _each(began, asked)
        known = [query for query in queries if not query.unanswerable]
        unknown = [query for query in asked if query.unanswerable]
        valid, details["invalid_citations"] = answers.citations_valid(replies, system)
        values |= {
            "answered": answers.answered(known, replies),
            "answer in first citation": answers.holds_answer(known, replies, first=1),
            "answer in a citation": answers.holds_answer(known, replies),
            "abstained": {q: 1.0 - v for q, v in answers.answered(unknown, replies).items()},
            "citations valid": valid,
        }
    return Outcome(_measured(values, asked, details), asked, run, qrels)


def measure_questions(
    dataset: QuestionSet,
    system: System,
    *,
    limit: int | None = None,
    track: runs.Track[Query] = runs.untracked,
) -> Outcome:
    """Ask every question and compare status, statements and first hits with the gold."""
    queries = runs.first_of_each_language([case.query for case in dataset.cases], limit)
    asked = {query.query_id for query in queries}
    cases = [case for case in dataset.cases if case.query.query_id in asked]
    gold = answers.gold_places(cases, system)
    began = time.perf_counter()
    replies = runs.ask(queries, system, track)
    details: dict[str, Any] = {"seconds_per_answer": _each(began, queries)}
    found = {q.query_id: system.search(q.text, answers.FIRST_HITS) for q in queries if gold[q.query_id]}
    valid, details["invalid_citations"] = answers.citations_valid(replies, system)
    values = {
        "status right": answers.status_right(cases, replies),
        "gold recall": answers.gold_recall(gold, replies),
        "statement precision": answers.statement_precision(gold, replies),
        "gold in first hits": answers.gold_in_first_hits(gold, found),
        "citations valid": valid,
    }
    measured = _measured(values, queries, details)
    pair_values, measured.figures[PARITY] = by_pair(answers.parity(queries, replies))
    measured.values[PARITY] = pair_values
    details["confusion"] = {ALL: answers.confusion(cases, replies)} | {
        language: answers.confusion([c for c in cases if c.query.language == language], replies)
        for language in sorted({query.language for query in queries})
    }
    details["replies"] = {
        query_id: {"status": reply.status, "confidence": reply.confidence, "statements": len(reply.cited)}
        for query_id, reply in replies.items()
    }
    return Outcome(measured, queries, {}, {})


def _measured(values: Mapping[str, Values], queries: Sequence[Query], details: dict[str, Any]) -> Measured:
    told = {measure: found for measure, found in values.items() if found}
    return Measured(told, {measure: by_language(found, queries) for measure, found in told.items()}, details)


def _each(began: float, queries: Sequence[Query]) -> float:
    return round((time.perf_counter() - began) / max(1, len(queries)), 5)
