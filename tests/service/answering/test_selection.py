"""Selection of statements among rows with given scores, documents and vectors."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from service.answering.selection import SelectionMargins, select_statements
from service.query.understanding import understand
from service.scoring.candidates import SentenceCandidates

#: Of an aspect, without and with a reference.
ASPECT = "Welche Mängel gab es?"
FACT = "Wo fand die Feier statt?"


def chosen(
    scores: list[float],
    documents: list[int] | None = None,
    texts: list[str] | None = None,
    alike: bool = False,
    question: str = ASPECT,
    eligible: list[bool] | None = None,
    limit: int = 10,
    as_list: bool = True,
) -> list[int]:
    count = len(scores)
    ones = np.ones(count, np.float32)
    candidates = SentenceCandidates(
        numbers=np.arange(count),
        documents=np.array(documents or [0] * count),
        vectors=np.ones((count, 1), np.float32) if alike else np.eye(count, dtype=np.float32),
        reference_relevance=ones,
        aspect_probability=ones,
        similarity=ones,
        term_overlap=ones,
        retrieval_scores=ones,
        scores=np.array(scores, np.float32),
    )
    reader: Any = SimpleNamespace(text=lambda number: (texts or [""] * count)[number])
    mask = np.array(eligible or [True] * count)
    return select_statements(
        understand(question), candidates, mask, limit, reader, as_list=as_list, margins=SelectionMargins()
    )


def test_a_fact_gets_one_statement() -> None:
    assert chosen([0.9, 0.8, 0.7], question=FACT, as_list=False) == [0]


def test_a_fact_gets_two_statements_only_if_their_scores_are_close() -> None:
    assert chosen([0.9, 0.899, 0.898], question=FACT, as_list=False) == [0, 1]


def test_an_aspect_gets_all_that_fits() -> None:
    assert chosen([0.9, 0.85, 0.84], eligible=[True, False, True]) == [0, 2]


def test_what_lies_far_below_the_best_is_left_out() -> None:
    assert chosen([0.9, 0.75]) == [0]


def test_a_question_with_a_reference_allows_a_larger_margin() -> None:
    assert chosen([0.9, 0.75], question="Welche Mängel hat die Resolution 57?") == [0, 1]


def test_the_best_statement_of_each_report_comes_before_the_second_of_any() -> None:
    assert chosen([0.9, 0.89, 0.85], documents=[0, 0, 1]) == [0, 2, 1]


def test_near_duplicates_become_one_statement() -> None:
    assert chosen([0.9, 0.89], texts=["Es gab 5 Dialoge.", "Dialoge gab es 5."], alike=True) == [0]


def test_other_figures_are_another_statement() -> None:
    assert chosen([0.9, 0.89], texts=["Es gab 5 Dialoge.", "Es gab 6 Dialoge."], alike=True) == [0, 1]


def test_the_limit_holds() -> None:
    assert chosen([0.9, 0.89, 0.88], limit=2) == [0, 1]


def test_without_eligible_rows_nothing_is_selected() -> None:
    assert chosen([0.9, 0.8], eligible=[False, False]) == []
