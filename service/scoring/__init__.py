"""Scores of sentences and the calibrated confidence."""

__all__ = [
    "candidates",
    "confidence",
    "diagonal_metric",
    "features",
    "scorer",
]
