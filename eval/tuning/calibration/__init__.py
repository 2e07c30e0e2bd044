"""Fits the probability that the corpus answers a question."""

__all__ = ["command"]
