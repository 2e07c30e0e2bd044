"""Runs of a set: evaluation, record, comparison."""

__all__ = ["comparison", "evaluation", "record", "runner", "timing"]
