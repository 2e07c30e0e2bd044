"""Fitting how probable it is that the corpus answers a question."""
