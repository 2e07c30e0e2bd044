"""Quality of predicted probabilities: AUROC, expected calibration error, reliability."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from indexer.arrays import Mask

Floats = npt.NDArray[np.float64]

_BINS = 10


def reliability(predicted: Floats, outcome: Mask, weight: Floats) -> list[dict[str, float]]:
    """For each tenth of the probability that has rows: count, mean prediction, observed share.

    Args:
        predicted: probabilities, shape ``(n,)``.
        outcome: true where the predicted event occurred, shape ``(n,)``.
        weight: of each row, shape ``(n,)``.
    """
    bins = np.minimum((predicted * _BINS).astype(int), _BINS - 1)
    rows = []
    for number in range(_BINS):
        mask = bins == number
        if weight[mask].sum() > 0:
            rows.append(
                {
                    "from": number / _BINS,
                    "count": int(mask.sum()),
                    "weight": float(weight[mask].sum()),
                    "said": float(np.average(predicted[mask], weights=weight[mask])),
                    "true": float(np.average(outcome[mask], weights=weight[mask])),
                }
            )
    return rows


def calibration_error(predicted: Floats, outcome: Mask, weight: Floats) -> float:
    """Expected calibration error over the tenths (Naeini et al. 2015)."""
    rows = reliability(predicted, outcome, weight)
    total = sum(row["weight"] for row in rows)
    return sum(row["weight"] * abs(row["said"] - row["true"]) for row in rows) / total if total else 0.0


def auroc(predicted: Floats, outcome: Mask, weight: Floats | None = None) -> float | None:
    """Area under the ROC curve; ``None`` if all outcomes are the same."""
    if outcome.all() or not outcome.any():
        return None
    return float(roc_auc_score(outcome, predicted, sample_weight=weight))
