"""Evaluation of a set: the ranking of a BEIR folder, the answers to a question file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.datasets.question_file import Case, QuestionSet
from eval.metrics import answers
from eval.metrics.ranking import Qrels, Run, Values, ranking_values
from eval.runs import runner, worst_cases
from eval.runs.record import ALL, PARITY, Measurements, by_language, by_pair, new_record, source_of
from eval.runs.timing import Stopwatch, Timings
from eval.systems.protocol import System

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The measurements of a set with its questions and times. ``run``, ``qrels``: of a BEIR set only."""

    measurements: Measurements
    queries: tuple[Query, ...]
    timings: Timings
    run: Run = field(default_factory=dict)
    qrels: Qrels = field(default_factory=dict)


def evaluate_beir(
    dataset: BeirSet,
    system: System,
    *,
    limit: int | None = None,
    with_answers: bool = False,
    track: runner.Track[Query] = runner.without_progress,
) -> Outcome:
    """Rank documents for every judged question.

    Args:
        with_answers: also ask these questions, and the unanswerable ones.
    """
    queries, watch = runner.first_of_each_language(dataset.judged, limit), Stopwatch()
    outcome = ranked_outcome(
        dataset, queries, runner.rank(queries, system, track, watch), system, watch.timings
    )
    if not with_answers:
        return outcome
    others = [q for q in dataset.queries if q.unanswerable and q.query_id not in outcome.qrels]
    asked = (*queries, *runner.first_of_each_language(others, limit))
    replies = runner.ask(asked, system, track, watch)
    ranked, answered = outcome.measurements, _answer_measurements(queries, asked, replies, system)
    measurements = Measurements(
        ranked.values | answered.values,
        ranked.estimates | answered.estimates,
        ranked.details | answered.details,
    )
    return Outcome(measurements, asked, watch.timings, outcome.run, outcome.qrels)


def _answer_measurements(
    queries: Sequence[Query], asked: Sequence[Query], replies: answers.Replies, system: System
) -> Measurements:
    answerable = [query for query in queries if not query.unanswerable]
    unanswerable = [query for query in asked if query.unanswerable]
    valid, failures = answers.citations_valid(replies, system)
    values = {
        "answered": answers.answered(answerable, replies),
        "answer in first citation": answers.holds_answer(answerable, replies, first=1),
        "answer in a citation": answers.holds_answer(answerable, replies),
        "abstained": {q: 1.0 - v for q, v in answers.answered(unanswerable, replies).items()},
        "citations valid": valid,
    }
    details: dict[str, Any] = {"invalid_citations": failures}
    if unanswerable:
        details["abstention"] = answers.abstention_quality(answerable, unanswerable, replies)
    return _measurements(values, asked, details)


def ranked_outcome(
    dataset: BeirSet,
    queries: tuple[Query, ...],
    ranked: runner.RankedQueries,
    system: System,
    timings: Timings | None = None,
) -> Outcome:
    """The outcome of a ranking of these questions."""
    qrels = {query.query_id: dataset.qrels[query.query_id] for query in queries}
    values = ranking_values(qrels, ranked.run)
    details = {"worst": worst_cases.worst_ranked(queries, qrels, ranked, values, system)}
    return Outcome(_measurements(values, queries, details), queries, timings or {}, ranked.run, qrels)


def evaluate_questions(
    dataset: QuestionSet,
    system: System,
    *,
    limit: int | None = None,
    track: runner.Track[Query] = runner.without_progress,
) -> Outcome:
    """Ask every question and compare status, statements and first passages with the gold sentences."""
    queries = runner.first_of_each_language([case.query for case in dataset.cases], limit)
    asked = {query.query_id for query in queries}
    cases = [case for case in dataset.cases if case.query.query_id in asked]
    gold = answers.gold_spans(cases, system)
    watch = Stopwatch()
    found, replies = runner.search_and_ask(queries, system, answers.FIRST_PASSAGES, track, watch)
    valid, invalid_citations = answers.citations_valid(replies, system)
    values = {
        "status right": answers.status_right(cases, replies),
        "gold recall": answers.gold_recall(gold, replies),
        "statement precision": answers.statement_precision(gold, replies),
        "statement F1": answers.statement_f1(gold, replies),
        "gold in first hits": answers.gold_in_first_passages(gold, found),
        "citations valid": valid,
    }
    details = {
        "invalid_citations": invalid_citations,
        "confusion": _for_each_language(cases, lambda chosen: answers.confusion(chosen, replies)),
        "confidence": _for_each_language(cases, lambda chosen: answers.confidence_quality(chosen, replies)),
        "replies": {
            query_id: {"status": reply.status, "confidence": reply.confidence, "statements": len(reply.cited)}
            for query_id, reply in replies.items()
        },
        "worst": worst_cases.worst_answered(cases, replies, values),
    }
    measurements = _measurements(values, queries, details)
    parity = answers.parity(queries, replies)
    measurements.values[PARITY], measurements.estimates[PARITY] = by_pair(parity)
    return Outcome(measurements, queries, watch.timings)


def _for_each_language(cases: Sequence[Case], result: Callable[[Sequence[Case]], T]) -> dict[str, T]:
    """The result for all cases, and for those of each language."""
    languages = sorted({case.query.language for case in cases})
    return {ALL: result(cases)} | {
        language: result([case for case in cases if case.query.language == language])
        for language in languages
    }


def run_record(
    dataset: BeirSet | QuestionSet, outcome: Outcome, system: System, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The record of an evaluated set."""
    return new_record(
        outcome.measurements, source_of(dataset), system.facts, settings, outcome.queries, outcome.timings
    )


def _measurements(
    values: Mapping[str, Values], queries: Sequence[Query], details: dict[str, Any]
) -> Measurements:
    present = {measure: found for measure, found in values.items() if found}
    estimates = {measure: by_language(found, queries) for measure, found in present.items()}
    return Measurements(present, estimates, details)
