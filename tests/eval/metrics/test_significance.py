"""Confidence intervals and paired tests."""

import math

import pytest

from eval.metrics.significance import compare, estimate


def test_the_interval_is_reproducible_and_contains_the_mean() -> None:
    values = {f"q{i}": float(i % 3 == 0) for i in range(60)}
    first, second = estimate(values), estimate(values)

    assert first == second
    assert first.mean == pytest.approx(1 / 3)
    assert first.low < first.mean < first.high
    # The normal approximation: 1.96 standard errors on either side.
    assert (first.high - first.low) / 2 == pytest.approx(1.96 * math.sqrt(2 / 9 / 60), rel=0.15)


def test_translations_drawn_together_make_the_interval_wider() -> None:
    values = {f"{i}-{language}": float(i % 2) for i in range(30) for language in ("de", "en", "vi")}
    together = estimate(values, {query_id: query_id.split("-")[0] for query_id in values})
    alone = estimate(values)

    assert together.mean == alone.mean
    assert together.high - together.low > 1.4 * (alone.high - alone.low)


def test_an_estimate_of_no_values_is_zero() -> None:
    assert (estimate({}).mean, estimate({}).count) == (0.0, 0)


def test_identical_runs_do_not_differ() -> None:
    values = {f"q{i}": i / 10 for i in range(10)}
    same = compare(values, values)

    assert same.p == 1.0
    assert (same.difference.mean, same.difference.low, same.difference.high) == (0.0, 0.0, 0.0)


def test_a_constant_difference_on_many_questions_is_significant() -> None:
    a = {f"q{i}": 0.5 for i in range(40)}
    better = compare(a, dict.fromkeys(a, 0.6))

    assert better.p < 0.001
    assert (better.mean_a, better.mean_b) == pytest.approx((0.5, 0.6))
    assert better.difference.low == pytest.approx(0.1)


def test_three_questions_cannot_be_significant() -> None:
    # Of the 8 sign assignments 2 are as extreme as all gains: p is near 1/4.
    assert compare(dict.fromkeys("abc", 0.0), dict.fromkeys("abc", 1.0)).p == pytest.approx(0.25, abs=0.03)


def test_other_questions_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same questions"):
        compare({"a": 1.0}, {"b": 1.0})
