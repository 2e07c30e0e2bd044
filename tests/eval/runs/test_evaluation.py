"""Evaluation of a BEIR set and of a question file on a system with fixed results."""

from pathlib import Path

import pytest
from beir import QRELS, QUERIES, TEXTS
from systems import FixedSystem

from eval.datasets.beir import load_beir
from eval.datasets.query import Query
from eval.datasets.question_file import Case, Gold, QuestionSet
from eval.runs.evaluation import evaluate_beir, evaluate_questions, run_record
from eval.systems.protocol import CitedSpan, DocumentSpan, RetrievedPassage, SystemReply

RICE = DocumentSpan("rice", 0, 32)
RICE_REPLY = SystemReply("answered", 0.9, (CitedSpan(RICE, TEXTS["rice"][:32]),))


def passage(document_id: str) -> RetrievedPassage:
    return RetrievedPassage(document_id, 1.0, DocumentSpan(document_id, 0, 32))


def case(query_id: str, text: str, language: str, status: str, gold: tuple[Gold, ...] = ()) -> Case:
    query = Query(query_id, text, language, query_id, unanswerable=status != "answered")
    return Case(query, "fact", status, gold)


@pytest.fixture
def cases() -> QuestionSet:
    gold = (Gold("rice", TEXTS["rice"][:32]),)
    return QuestionSet(
        "dev",
        "sha",
        (
            case("de", "Wie war die Reisernte?", "de", "answered", gold),
            case("en", "How was the rice harvest?", "en", "answered", gold),
            case("none", "Wer sang?", "de", "no_evidence"),
        ),
    )


def test_a_ranking_is_measured_overall_and_for_each_language(folder: Path) -> None:
    passages = {text: [passage(QRELS[query_id])] for query_id, (text, _) in QUERIES.items()}
    outcome = evaluate_beir(load_beir(folder), FixedSystem(TEXTS, passages))

    assert outcome.measurements.values["nDCG@10"] == dict.fromkeys(QRELS, 1.0)
    assert list(outcome.measurements.estimates["nDCG@10"]) == ["all", "de", "en"]
    assert outcome.measurements.details == {"worst": []}
    assert outcome.run["1-de"] == [("rice", 1.0)]
    assert list(outcome.timings) == ["search"]


def test_a_limit_is_for_each_language(folder: Path) -> None:
    outcome = evaluate_beir(load_beir(folder), FixedSystem(TEXTS), limit=1)

    assert [query.query_id for query in outcome.queries] == ["1-de", "2-en"]


def test_answers_are_measured_beside_the_ranking_on_request(folder: Path) -> None:
    system = FixedSystem(TEXTS, replies={QUERIES["1-de"][0]: RICE_REPLY})
    measurements = evaluate_beir(load_beir(folder), system, with_answers=True).measurements

    assert measurements.values["answered"] == {"1-de": 1.0, "2-de": 0.0, "2-en": 0.0}
    assert measurements.values["citations valid"] == {"1-de": 1.0}
    assert measurements.details["invalid_citations"] == 0
    assert "nDCG@10" in measurements.values


def test_a_question_file_is_measured_by_status_and_gold_sentences(cases: QuestionSet) -> None:
    system = FixedSystem(
        TEXTS,
        {"Wie war die Reisernte?": [passage("rice")]},
        {"Wie war die Reisernte?": RICE_REPLY},
    )
    measurements = evaluate_questions(cases, system).measurements

    assert measurements.values["status right"] == {"de": 1.0, "en": 0.0, "none": 1.0}
    assert measurements.values["gold recall"] == {"de": 1.0, "en": 0.0}
    assert measurements.values["gold in first hits"] == {"de": 1.0, "en": 0.0}
    assert measurements.details["confusion"]["en"] == {"answered": {"no_evidence": 1}}
    assert [row["query_id"] for row in measurements.details["worst"]] == ["en"]


def test_measures_without_values_are_left_out(cases: QuestionSet) -> None:
    measurements = evaluate_questions(cases, FixedSystem(TEXTS)).measurements

    assert "statement precision" not in measurements.values
    assert "citations valid" not in measurements.estimates


def test_the_record_names_set_system_and_settings(cases: QuestionSet) -> None:
    system = FixedSystem(TEXTS)
    record = run_record(cases, evaluate_questions(cases, system), system, {"ranking": "full"})

    assert record["set"] == {"name": "dev", "kind": "questions", "sha256": "sha"}
    assert record["system"] == system.facts
    assert record["settings"] == {"ranking": "full"}
    assert record["queries"]["en"] == {"language": "en", "parallel": "en"}
