"""Confidence intervals and paired tests by resampling questions, with a fixed seed.

Translations of one question are not independent: they are drawn, and exchanged, together. The libraries'
bootstrap and permutation test do not support such clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SEED = 20250317
RESAMPLES = 5000
_CHUNK = 250

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``count`` questions with the bounds of its 95 % confidence interval."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Means of two runs on common questions, the mean of B - A, and the two-sided p of no difference."""

    mean_a: float
    mean_b: float
    difference: Estimate
    p: float


def estimate(values: Mapping[str, float], cluster: Mapping[str, str] | None = None) -> Estimate:
    """Mean and percentile bootstrap interval (Efron & Tibshirani 1993, ch. 13).

    Args:
        values: question id → value.
        cluster: question id → name of the cluster that is drawn as one; by default each question is one.
    """
    if not values:
        return Estimate(0.0, 0.0, 0.0, 0)
    sums, sizes = _clustered(values, cluster)
    mean = float(sums.sum() / sizes.sum())
    means = _resampled(lambda draw: sums[draw].sum(axis=1) / sizes[draw].sum(axis=1), len(sums))
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(mean, float(low), float(high), len(values))


def compare(
    a: Mapping[str, float], b: Mapping[str, float], cluster: Mapping[str, str] | None = None
) -> Comparison:
    """Paired randomisation test (Smucker, Allan & Carterette 2007) on the questions of ``a`` and ``b``.

    Under the null hypothesis the sign of each difference is arbitrary: p is the share of sign
    assignments, the observed one included, whose mean is as far from zero as the observed one.

    Raises:
        ValueError: the two have different questions, or none.
    """
    if a.keys() != b.keys() or not a:
        raise ValueError("a paired test needs the same questions on both sides, at least one")
    differences = {query_id: b[query_id] - a[query_id] for query_id in a}
    sums, _ = _clustered(differences, cluster)
    generator = np.random.default_rng(SEED)
    # Rounding depends on the order of the signs; the observed assignment must count itself.
    observed = abs(sums.sum()) - 1e-9
    extreme = sum(
        int((np.abs(generator.choice([-1.0, 1.0], (_CHUNK, len(sums))) @ sums) >= observed).sum())
        for _ in range(RESAMPLES // _CHUNK)
    )
    p = (1 + extreme) / (1 + RESAMPLES)
    return Comparison(_mean(a), _mean(b), estimate(differences, cluster), p)


def _mean(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values)


def _clustered(values: Mapping[str, float], cluster: Mapping[str, str] | None) -> tuple[Floats, Floats]:
    """Sum and size of each cluster, in order of first appearance."""
    sums: dict[str, float] = {}
    sizes: dict[str, int] = {}
    for query_id, value in values.items():
        name = cluster[query_id] if cluster else query_id
        sums[name] = sums.get(name, 0.0) + value
        sizes[name] = sizes.get(name, 0) + 1
    return np.array(list(sums.values())), np.array(list(sizes.values()), np.float64)


def _resampled(statistic: Callable[[npt.NDArray[np.int64]], Floats], count: int) -> Floats:
    """A statistic of ``RESAMPLES`` draws with replacement from ``count`` items, in chunks to bound memory."""
    generator = np.random.default_rng(SEED)
    return np.concatenate(
        [statistic(generator.integers(0, count, (_CHUNK, count))) for _ in range(RESAMPLES // _CHUNK)]
    )
