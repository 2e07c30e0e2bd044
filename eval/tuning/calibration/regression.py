"""Logistic regression of the confidence over its features, and its quality.

Rows are weighted so that answerable and unanswerable questions have the same total weight in each language:
only then is the probability 0.5 the boundary between them. Measures on held-out rows use the same weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import GroupKFold

from eval.metrics.calibration import Floats, auroc, calibration_error
from eval.tuning.calibration.questions import Row
from indexer.arrays import Mask, Strings
from service.scoring.confidence import ConfidenceFeatures

NAMES = [field.name for field in fields(ConfidenceFeatures)]
#: The features of the second regression: the relevance by the cross-encoder. Its span scores add nothing.
READ = np.isin(NAMES, ("read",))
#: Inverse regularisation strengths on standardised features, strongest first.
STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as columns: features of shape ``(n, features)``, the rest of shape ``(n,)``."""

    features: Floats
    answerable: Mask
    language: Strings
    corpus: Strings
    source: Strings
    group: Strings
    weight: Floats

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Table:
        return cls(
            np.array([astuple(row.features) for row in rows], np.float64).reshape(-1, len(NAMES)),
            np.array([row.item.answerable for row in rows], np.bool_),
            np.array([row.item.query.language for row in rows], np.str_),
            np.array([row.item.corpus for row in rows], np.str_),
            np.array([row.item.source for row in rows], np.str_),
            np.array([row.item.group for row in rows], np.str_),
            balanced(rows),
        )

    def where(self, mask: Mask) -> Table:
        """The chosen rows, with the weights they have in the whole."""
        return Table(*(getattr(self, field.name)[mask] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Model:
    """Coefficients on features that are not standardised.

    ``read_weights`` and ``read_intercept``: of the second regression, whose probability multiplies the first
    one; ``None`` without a cross-encoder.
    """

    weights: Floats
    intercept: float
    read_weights: Floats | None = None
    read_intercept: float = 0.0

    def with_standard(self, mean: Floats, spread: Floats) -> Model:
        """The model on raw features of a model on standardised ones."""
        weights = self.weights / spread
        read = None if self.read_weights is None else self.read_weights / spread
        read_intercept = self.read_intercept - (0.0 if read is None else float(read @ mean))
        return Model(weights, float(self.intercept - weights @ mean), read, read_intercept)

    def probability(self, features: Floats) -> Floats:
        probability = _logistic(features @ self.weights + self.intercept)
        if self.read_weights is None:
            return probability
        return probability * _logistic(features @ self.read_weights + self.read_intercept)


def _logistic(logit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -60, 60))), np.float64)


def balanced(rows: Sequence[Row]) -> Floats:
    """Weights of mean 1 with the same sum for each outcome in each language.

    Within these the weight of a set on a corpus is the square root of its size: the few questions on the
    reports have an effect among thousands, but do not dominate them.
    """
    cells = [(row.item.answerable, row.item.query.language) for row in rows]
    parts = [(*cell, row.item.corpus, row.item.source) for cell, row in zip(cells, rows, strict=True)]
    sizes = Counter(parts)
    raw = np.array([sizes[part] ** -0.5 for part in parts])
    totals: dict[tuple[bool, str], float] = {}
    for cell, weight in zip(cells, raw, strict=True):
        totals[cell] = totals.get(cell, 0.0) + weight
    weights = raw / np.array([totals[cell] for cell in cells])
    return np.asarray(weights * len(rows) / max(weights.sum(), 1e-12), np.float64)


def fit(table: Table, strength: float, reranked: bool = False) -> Model:
    """Weighted logistic regression, standardised for the regularisation.

    Args:
        reranked: with a second regression over the scores of the cross-encoder, multiplied with the first.
    """
    mean = np.average(table.features, axis=0, weights=table.weight)
    spread = np.sqrt(np.average((table.features - mean) ** 2, axis=0, weights=table.weight))
    spread[spread == 0] = 1.0
    standardised = (table.features - mean) / spread
    if reranked:
        return _fit_both(table, standardised, strength).with_standard(mean, spread)
    # The strength is per row: the same for a hundred rows and for ten thousand.
    regression = LogisticRegression(C=strength * 1000 / table.weight.sum(), max_iter=2000)  # type: ignore[no-untyped-call]
    regression.fit(standardised, table.answerable, sample_weight=table.weight)
    return Model(regression.coef_[0], float(regression.intercept_[0])).with_standard(mean, spread)


def _fit_both(table: Table, standardised: Floats, strength: float) -> Model:
    """Two logistic regressions of maximum likelihood of their product, the first one regularised."""
    count, read = len(NAMES), standardised[:, READ]
    weight = table.weight / table.weight.sum()
    strictness = 1 / (2000 * strength)

    def loss(values: Floats) -> tuple[float, Floats]:
        first, second = values[: count + 1], values[count + 1 :]
        one = _logistic(standardised @ first[:-1] + first[-1])
        two = _logistic(read @ second[:-1] + second[-1])
        both = np.clip(one * two, 1e-12, 1 - 1e-12)
        likelihood = np.where(table.answerable, both, 1 - both)
        slopes = weight * np.where(table.answerable, -1 / both, 1 / (1 - both)) * both
        by_one, by_two = slopes * (1 - one), slopes * (1 - two)
        # One feature with thousands of rows needs no penalty.
        penalty = np.array([*first[:-1], *np.zeros(1 + len(second))])
        gradient = np.concatenate([standardised.T @ by_one, [by_one.sum()], read.T @ by_two, [by_two.sum()]])
        total = -(weight * np.log(likelihood)).sum() + strictness * penalty @ penalty
        return float(total), gradient + 2 * strictness * penalty

    # The initial second probability is high, so that the first regression is fitted as if alone.
    start = np.concatenate([np.full(count, 0.1), [0.0], np.full(read.shape[1], 0.5), [1.0]])
    result = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000})  # type: ignore[no-untyped-call]
    found = result.x
    read_weights = np.zeros(count)
    read_weights[READ] = found[count + 1 : -1]
    return Model(found[:count], float(found[count]), read_weights, float(found[-1]))


def cross_validated(table: Table, strength: float, reranked: bool = False) -> Floats:
    """The probability of each row by a model that was fitted without its group."""
    probabilities = np.zeros(len(table.answerable))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)  # type: ignore[no-untyped-call]
    split = folds.split(table.features, groups=table.group)  # type: ignore[no-untyped-call]
    for training, testing in split:
        training_mask = np.isin(np.arange(len(probabilities)), training)
        model = fit(table.where(training_mask), strength, reranked)
        probabilities[testing] = model.probability(table.features[testing])
    return probabilities


def choose_strength(table: Table, reranked: bool = False) -> float:
    """The strongest regularisation whose log loss is within one standard error of the best.

    Breiman et al. 1984: the simplest of the models that held-out rows cannot distinguish.
    """
    losses = {}
    for strength in STRENGTHS:
        p = np.clip(cross_validated(table, strength, reranked), 1e-9, 1 - 1e-9)
        losses[strength] = -np.log(np.where(table.answerable, p, 1 - p)) * table.weight
    means = {strength: loss.mean() for strength, loss in losses.items()}
    best = min(STRENGTHS, key=lambda strength: means[strength])
    tolerance = losses[best].std() / np.sqrt(len(table.weight))
    return next(strength for strength in STRENGTHS if means[strength] <= means[best] + tolerance)


def quality(table: Table, probability: Floats) -> dict[str, Any]:
    """AUROC, Brier score (1950), log loss, expected calibration error (Naeini et al. 2015), and counts."""
    weight = table.weight
    clipped = np.clip(probability, 1e-9, 1 - 1e-9)
    return {
        "answerable": int(table.answerable.sum()),
        "unanswerable": int((~table.answerable).sum()),
        "auroc": auroc(probability, table.answerable, weight),
        "brier": float(brier_score_loss(table.answerable, clipped, sample_weight=weight, pos_label=True)),
        "log_loss": float(log_loss(table.answerable, clipped, sample_weight=weight, labels=[False, True])),
        "ece": calibration_error(probability, table.answerable, weight),
    }
