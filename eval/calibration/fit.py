"""Fitting the confidence: a logistic regression over ``service.confidence.Features``, and how good it is.

Everything is weighted so that answerable and unanswerable questions count alike, in each language alike:
only then does the probability 0.5 part them. Figures on held-out rows use the same weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import GroupKFold

from eval.calibration.data import Row
from eval.reliability import auroc, calibration_error
from service.confidence import Features

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NAMES = [field.name for field in fields(Features)]
#: Inverse strength of the regularisation, on standardised features, strongest first.
STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as columns: features of shape ``(n, features)``, the rest of shape ``(n,)``."""

    features: Floats
    answerable: Mask
    language: npt.NDArray[np.str_]
    corpus: npt.NDArray[np.str_]
    source: npt.NDArray[np.str_]
    group: npt.NDArray[np.str_]
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
    """Coefficients on the features as they are, without standardisation."""

    weights: Floats
    intercept: float

    def probability(self, features: Floats) -> Floats:
        logit = np.clip(features @ self.weights + self.intercept, -60, 60)
        return np.asarray(1 / (1 + np.exp(-logit)), np.float64)


def balanced(rows: Sequence[Row]) -> Floats:
    """Weights of mean 1 that give each outcome in each language the same sum.

    Within these, a set on a corpus counts by the square root of its size: the few questions on the
    reports are to be heard among thousands, and not to outshout them.
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


def fit(table: Table, strength: float) -> Model:
    """Weighted logistic regression, standardised for the regularisation and folded back."""
    mean = np.average(table.features, axis=0, weights=table.weight)
    spread = np.sqrt(np.average((table.features - mean) ** 2, axis=0, weights=table.weight))
    spread[spread == 0] = 1.0
    # Strength is per row: the same whether there are a hundred or ten thousand.
    regression = LogisticRegression(C=strength * 1000 / table.weight.sum(), max_iter=2000)  # type: ignore[no-untyped-call]
    regression.fit((table.features - mean) / spread, table.answerable, sample_weight=table.weight)
    weights = regression.coef_[0] / spread
    return Model(weights, float(regression.intercept_[0] - weights @ mean))


def cross_validated(table: Table, strength: float) -> Floats:
    """Probability of each row by a model that saw no row of its group."""
    probabilities = np.zeros(len(table.answerable))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)  # type: ignore[no-untyped-call]
    split = folds.split(table.features, groups=table.group)  # type: ignore[no-untyped-call]
    for seen, held in split:
        seen_mask = np.isin(np.arange(len(probabilities)), seen)
        probabilities[held] = fit(table.where(seen_mask), strength).probability(table.features[held])
    return probabilities


def choose_strength(table: Table) -> float:
    """The strongest regularisation whose log loss is within one standard error of the best.

    Breiman et al. 1984: among models that held-out rows cannot tell apart, the simplest.
    """
    losses = {}
    for strength in STRENGTHS:
        p = np.clip(cross_validated(table, strength), 1e-9, 1 - 1e-9)
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
