"""Figures on answers, on replies written down by hand."""

from collections.abc import Sequence
from typing import Any

import pytest

from eval.datasets.query import Query
from eval.datasets.question_file import Case, Gold
from eval.metrics import answers
from eval.metrics.spans import occurrences, overlap
from eval.runs.runner import best_of_each_document, first_of_each_language
from eval.systems.protocol import CitedSpan, DocumentSpan, RetrievedPassage, SystemReply
from indexer.errors import SourceError

TEXT = "Erster  Satz.\nZweiter Satz. Dritter Satz."
FIRST, SECOND, THIRD = DocumentSpan("d", 0, 13), DocumentSpan("d", 14, 27), DocumentSpan("d", 28, 41)


class Written:
    """A system of one document."""

    facts: dict[str, Any] = {}  # noqa: RUF012 - the protocol wants no more

    def search(self, text: str, limit: int) -> list[RetrievedPassage]:
        return []

    def ask(self, text: str) -> SystemReply:
        return SystemReply("no_evidence", 0.0, ())

    def text(self, document_id: str) -> str | None:
        return TEXT if document_id == "d" else None


def case(query_id: str, status: str, *gold: Gold, language: str = "de", parallel: str = "") -> Case:
    query = Query(query_id, "Was?", language, parallel or query_id, unanswerable=status != "answered")
    return Case(query, "fact", status, gold)


def reply(*places: DocumentSpan, status: str = "answered") -> SystemReply:
    return SystemReply(status, 0.9, tuple(CitedSpan(p, TEXT[p.start : p.end]) for p in places))


NOTHING = reply(status="no_evidence")


def test_a_quotation_is_found_with_any_white_space() -> None:
    assert occurrences("Erster Satz.\nZweiter", "d", TEXT) == (DocumentSpan("d", 0, 21),)
    assert occurrences("Satz.", "d", TEXT) == (
        DocumentSpan("d", 8, 13),
        DocumentSpan("d", 22, 27),
        DocumentSpan("d", 36, 41),
    )
    assert occurrences("Vierter", "d", TEXT) == occurrences(" ", "d", TEXT) == ()


@pytest.mark.parametrize(
    ("a", "b", "shared"),
    [
        (FIRST, DocumentSpan("d", 12, 20), True),
        (FIRST, SECOND, False),
        (FIRST, DocumentSpan("e", 0, 13), False),
    ],
)
def test_spans_overlap_in_one_document_only(a: DocumentSpan, b: DocumentSpan, shared: bool) -> None:
    assert overlap(a, b) is overlap(b, a) is shared


def test_gold_sentences_are_found_in_the_texts_of_the_index() -> None:
    cases = [case("a", "answered", Gold("d", "Zweiter  Satz.")), case("b", "no_evidence")]

    assert answers.gold_spans(cases, Written()) == {"a": [(SECOND,)], "b": []}


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        (Gold("e", "Satz."), "question 'a': document 'e' is not in the index"),
        (Gold("d", "Vierter Satz."), "question 'a': document 'd' does not hold 'Vierter Satz.'"),
    ],
)
def test_a_gold_sentence_that_is_missing_in_the_index_is_named(gold: Gold, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        answers.gold_spans([case("a", "answered", gold)], Written())


def test_recall_is_of_the_gold_and_precision_of_the_statements() -> None:
    gold = {"a": [(FIRST,), (SECOND,)], "b": [(FIRST,)], "c": []}
    replies = {"a": reply(SECOND, THIRD), "b": NOTHING, "c": reply(THIRD)}

    assert answers.gold_recall(gold, replies) == {"a": 0.5, "b": 0.0}
    assert answers.statement_precision(gold, replies) == {"a": 0.5, "c": 0.0}


def test_statuses_are_compared_and_counted() -> None:
    cases = [case("a", "answered"), case("b", "answered"), case("c", "no_evidence")]
    replies = {"a": reply(FIRST), "b": NOTHING, "c": NOTHING}

    assert answers.status_right(cases, replies) == {"a": 1.0, "b": 0.0, "c": 1.0}
    assert answers.confusion(cases, replies) == {
        "answered": {"answered": 1, "no_evidence": 1},
        "no_evidence": {"no_evidence": 1},
    }


def test_a_quotation_that_differs_from_its_span_is_counted() -> None:
    moved = SystemReply(
        "answered", 0.9, (CitedSpan(FIRST, "Erster Satz."), CitedSpan(SECOND, "Zweiter Satz."))
    )
    elsewhere = SystemReply("answered", 0.9, (CitedSpan(DocumentSpan("e", 0, 1), "E"),))
    replies = {"good": reply(FIRST, THIRD), "moved": moved, "elsewhere": elsewhere, "none": NOTHING}

    assert answers.citations_valid(replies, Written()) == ({"good": 1.0, "moved": 0.0, "elsewhere": 0.0}, 2)


def test_parity_is_the_overlap_of_cited_spans_between_languages() -> None:
    queries = [case(f"a-{x}", "answered", language=x, parallel="a").query for x in ("en", "de", "vi")]
    replies = {"a-en": reply(FIRST, SECOND), "a-de": reply(SECOND), "a-vi": NOTHING}

    assert answers.parity(queries, replies) == {
        "de-en": {"a": 0.5},
        "en-vi": {"a": 0.0},
        "de-vi": {"a": 0.0},
    }


def test_parity_leaves_out_pairs_without_citations() -> None:
    queries = [case(f"a-{x}", "no_evidence", language=x, parallel="a").query for x in ("en", "de")]

    assert answers.parity(queries, {"a-en": NOTHING, "a-de": NOTHING}) == {}


def test_the_gold_sentence_is_searched_in_the_first_three_passages() -> None:
    def found(*places: DocumentSpan) -> Sequence[RetrievedPassage]:
        return [RetrievedPassage(place.document_id, 1.0, place) for place in places]

    gold = {"a": [(FIRST,)], "b": [(FIRST,)], "c": []}
    hits = {"a": found(THIRD, SECOND, FIRST), "b": found(THIRD, SECOND, SECOND, FIRST)}

    assert answers.gold_in_first_passages(gold, hits) == {"a": 1.0, "b": 0.0}


def test_an_answer_string_counts_with_any_case_and_white_space() -> None:
    queries = [Query("a", "?", "de", "a", ("ERSTER SATZ",)), Query("b", "?", "de", "b")]
    replies = {"a": reply(SECOND, FIRST), "b": reply(FIRST)}

    assert answers.holds_answer(queries, replies) == {"a": 1.0}
    assert answers.holds_answer(queries, replies, first=1) == {"a": 0.0}


def test_a_document_has_the_rank_of_its_best_passage() -> None:
    hits = [
        RetrievedPassage("a", 0.9, FIRST),
        RetrievedPassage("b", 0.8, FIRST),
        RetrievedPassage("a", 0.7, SECOND),
    ]

    assert best_of_each_document(hits) == hits[:2]


def test_a_limit_is_per_language() -> None:
    queries = [Query(f"{n}-{x}", "?", x, str(n)) for n in range(3) for x in ("de", "vi")]

    assert [q.query_id for q in first_of_each_language(queries, 1)] == ["0-de", "0-vi"]
    assert first_of_each_language(queries, None) == tuple(queries)


def test_f1_is_the_harmonic_mean_and_zero_for_refusals() -> None:
    gold = {"half": [(FIRST,), (SECOND,)], "refused": [(FIRST,)], "none": []}
    replies = {"half": reply(FIRST), "refused": reply(status="no_evidence"), "none": reply(FIRST)}
    assert answers.statement_f1(gold, replies) == {"half": pytest.approx(2 / 3), "refused": 0.0}


def test_the_confidence_of_a_question_file_is_measured() -> None:
    cases = [case("a", "answered"), case("b", "no_evidence")]
    replies = {"a": SystemReply("answered", 0.9, ()), "b": SystemReply("no_evidence", 0.1, ())}
    quality = answers.confidence_quality(cases, replies)
    assert quality["auroc"] == 1.0
    assert quality["ece"] == pytest.approx(0.1)
    assert [(row["said"], row["true"], row["count"]) for row in quality["reliability"]] == [
        (pytest.approx(0.1), 0.0, 1),
        (pytest.approx(0.9), 1.0, 1),
    ]


def test_auroc_needs_both_outcomes() -> None:
    quality = answers.confidence_quality([case("a", "answered")], {"a": SystemReply("answered", 0.9, ())})
    assert quality["auroc"] is None


def test_abstention_is_measured_at_one_refusal_in_ten_answerable_questions() -> None:
    known = [Query(f"k{n}", "?", "en", f"k{n}") for n in range(10)]
    german = Query("d", "?", "de", "d")
    unknown = [Query(f"u{n}", "?", "en", f"u{n}", unanswerable=True) for n in range(4)]
    confidences = {f"k{n}": 0.1 + 0.1 * n for n in range(10)} | {
        "u0": 0.05,
        "u1": 0.11,
        "u2": 0.5,
        "u3": 0.9,
        "d": 0.0,
    }
    replies = {name: SystemReply("answered", value, ()) for name, value in confidences.items()}
    quality = answers.abstention_quality([*known, german], unknown, replies)
    # The German question is left out; one in ten of the English ones lies below 0.19.
    assert (quality["languages"], quality["answerable"], quality["unanswerable"]) == (["en"], 10, 4)
    assert quality["abstained"] == 0.5
