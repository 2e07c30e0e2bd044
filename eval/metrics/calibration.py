"""How far a probability can be trusted: what was said against what came true."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_BINS = 10


def reliability(said: Floats, true: Mask, weight: Floats) -> list[dict[str, float]]:
    """For each tenth of the probability that anything fell into: how many, what was said, what came true.

    Args:
        said: probabilities; true: whether it came true; weight: of each row; all of shape ``(n,)``.
    """
    places = np.minimum((said * _BINS).astype(int), _BINS - 1)
    rows = []
    for place in range(_BINS):
        mask = places == place
        if weight[mask].sum() > 0:
            rows.append(
                {
                    "from": place / _BINS,
                    "count": int(mask.sum()),
                    "weight": float(weight[mask].sum()),
                    "said": float(np.average(said[mask], weights=weight[mask])),
                    "true": float(np.average(true[mask], weights=weight[mask])),
                }
            )
    return rows


def calibration_error(said: Floats, true: Mask, weight: Floats) -> float:
    """Mean distance between what was said and what came true, over the tenths (Naeini et al. 2015)."""
    bins = reliability(said, true, weight)
    total = sum(row["weight"] for row in bins)
    return sum(row["weight"] * abs(row["said"] - row["true"]) for row in bins) / total if total else 0.0


def auroc(said: Floats, true: Mask, weight: Floats) -> float | None:
    """Probability that what came true was said to be likelier than what did not; of one kind ``None``."""
    if true.all() or not true.any():
        return None
    return float(roc_auc_score(true, said, sample_weight=weight))
