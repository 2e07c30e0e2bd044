"""Which figures a set is measured by: rankings of a BEIR folder, answers of a question file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.datasets.question_file import QuestionSet
from eval.metrics import answers
from eval.metrics.ranking import Qrels, Run, Values, ranking_values
from eval.runs import runner, worst_cases
from eval.runs.record import ALL, PARITY, Measured, by_language, by_pair, record, source_of
from eval.runs.timing import Stopwatch, Timings
from eval.systems.protocol import System


@dataclass(frozen=True, slots=True)
class Outcome:
    """A measured set with what was asked, what it took, and, for a BEIR set, the run and its judgements."""

    measured: Measured
    queries: tuple[Query, ...]
    timings: Timings
    run: Run = field(default_factory=dict)
    qrels: Qrels = field(default_factory=dict)


def measure_beir(
    dataset: BeirSet,
    system: System,
    *,
    limit: int | None = None,
    with_answers: bool = False,
    track: runner.Track[Query] = runner.untracked,
) -> Outcome:
    """Rank documents for every judged question; with ``with_answers``, also ask them and the unanswerable."""
    queries, watch = runner.first_of_each_language(dataset.judged, limit), Stopwatch()
    outcome = ranked_outcome(
        dataset, queries, runner.rank(queries, system, track, watch), system, watch.taken
    )
    if not with_answers:
        return outcome
    others = [q for q in dataset.queries if q.unanswerable and q.query_id not in outcome.qrels]
    asked = (*queries, *runner.first_of_each_language(others, limit))
    replies = runner.ask(asked, system, track, watch)
    known = [query for query in queries if not query.unanswerable]
    unknown = [query for query in asked if query.unanswerable]
    valid, failures = answers.citations_valid(replies, system)
    values = {
        "answered": answers.answered(known, replies),
        "answer in first citation": answers.holds_answer(known, replies, first=1),
        "answer in a citation": answers.holds_answer(known, replies),
        "abstained": {q: 1.0 - v for q, v in answers.answered(unknown, replies).items()},
        "citations valid": valid,
    }
    details: dict[str, Any] = {"invalid_citations": failures}
    if unknown:
        details["abstention"] = answers.abstention_quality(known, unknown, replies)
    ranked, answered = outcome.measured, _measured(values, asked, details)
    measured = Measured(
        ranked.values | answered.values, ranked.figures | answered.figures, ranked.details | answered.details
    )
    return Outcome(measured, asked, watch.taken, outcome.run, outcome.qrels)


def ranked_outcome(
    dataset: BeirSet,
    queries: tuple[Query, ...],
    ranked: runner.Ranked,
    system: System,
    timings: Timings | None = None,
) -> Outcome:
    """What a ranking of these questions comes to."""
    qrels = {query.query_id: dataset.qrels[query.query_id] for query in queries}
    values = ranking_values(qrels, ranked.run)
    details = {"worst": worst_cases.worst_ranked(queries, qrels, ranked, values, system)}
    return Outcome(_measured(values, queries, details), queries, timings or {}, ranked.run, qrels)


def measure_questions(
    dataset: QuestionSet,
    system: System,
    *,
    limit: int | None = None,
    track: runner.Track[Query] = runner.untracked,
) -> Outcome:
    """Ask every question and compare status, statements and first hits with the gold."""
    queries = runner.first_of_each_language([case.query for case in dataset.cases], limit)
    asked = {query.query_id for query in queries}
    cases = [case for case in dataset.cases if case.query.query_id in asked]
    gold = answers.gold_places(cases, system)
    watch, details = Stopwatch(), dict[str, Any]()
    found, replies = runner.search_and_ask(queries, system, answers.FIRST_HITS, track, watch)
    valid, details["invalid_citations"] = answers.citations_valid(replies, system)
    values = {
        "status right": answers.status_right(cases, replies),
        "gold recall": answers.gold_recall(gold, replies),
        "statement precision": answers.statement_precision(gold, replies),
        "statement F1": answers.statement_f1(gold, replies),
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
    details["confidence"] = {ALL: answers.confidence_quality(cases, replies)} | {
        language: answers.confidence_quality([c for c in cases if c.query.language == language], replies)
        for language in sorted({query.language for query in queries})
    }
    details["replies"] = {
        query_id: {"status": reply.status, "confidence": reply.confidence, "statements": len(reply.cited)}
        for query_id, reply in replies.items()
    }
    details["worst"] = worst_cases.worst_answered(cases, replies, values)
    return Outcome(measured, queries, watch.taken)


def run_record(
    dataset: BeirSet | QuestionSet, outcome: Outcome, system: System, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The record of a measured set."""
    return record(
        outcome.measured, source_of(dataset), system.facts, settings, outcome.queries, outcome.timings
    )


def _measured(values: Mapping[str, Values], queries: Sequence[Query], details: dict[str, Any]) -> Measured:
    told = {measure: found for measure, found in values.items() if found}
    return Measured(told, {measure: by_language(found, queries) for measure, found in told.items()}, details)
