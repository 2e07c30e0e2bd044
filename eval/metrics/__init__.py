"""Measures: each is one function."""

__all__ = ["ann_recall", "answers", "calibration", "ranking", "significance", "spans"]
