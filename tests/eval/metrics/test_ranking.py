"""Ranking measures of examples that are small enough to be computed by hand."""

import math

import numpy as np
import pytest

from eval.metrics.ranking import dcg, ideal_dcg, mean, ranking_values

QRELS = {"first": {"d1": 1}, "third": {"d1": 1, "d2": 1}, "missed": {"d9": 1}, "empty": {"d1": 1}}
RUN = {
    "first": [("d1", 0.9), ("d2", 0.8)],
    "third": [("d5", 0.9), ("d6", 0.9), ("d2", 0.9)],
    "missed": [("d1", 0.5)],
}


def test_measures_are_those_computed_by_hand() -> None:
    values = ranking_values(QRELS, RUN)

    ideal = 1 + 1 / math.log2(3)
    assert values["nDCG@10"] == pytest.approx(
        {"first": 1.0, "third": (1 / math.log2(4)) / ideal, "missed": 0.0, "empty": 0.0}
    )
    assert values["R@1"] == {"first": 1.0, "third": 0.0, "missed": 0.0, "empty": 0.0}
    assert values["R@10"] == {"first": 1.0, "third": 0.5, "missed": 0.0, "empty": 0.0}
    assert values["RR"] == pytest.approx({"first": 1.0, "third": 1 / 3, "missed": 0.0, "empty": 0.0})


def test_a_question_without_a_result_counts_as_zero_in_the_mean() -> None:
    assert mean(ranking_values(QRELS, RUN)["R@1"]) == 0.25


def test_equal_scores_keep_the_order_of_the_run() -> None:
    qrels = {"q": {"a": 1}}

    assert ranking_values(qrels, {"q": [("a", 1.0), ("b", 1.0)]})["RR"]["q"] == 1.0
    assert ranking_values(qrels, {"q": [("b", 1.0), ("a", 1.0)]})["RR"]["q"] == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_ndcg_is_that_of_ir_measures(seed: int) -> None:
    random = np.random.default_rng(seed)
    grades = {f"d{number}": int(grade) for number, grade in enumerate(random.integers(0, 3, 20))}
    order = random.permutation(20)
    run = {"q": [(f"d{number}", float(-rank)) for rank, number in enumerate(order)]}
    gains = np.array([float(grades[f"d{number}"]) for number in order])

    assert dcg(gains) / ideal_dcg(grades.values()) == pytest.approx(
        ranking_values({"q": grades}, run)["nDCG@10"]["q"]
    )
