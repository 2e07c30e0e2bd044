"""Lists of words, written as prose."""

from __future__ import annotations


def word_list(text: str) -> frozenset[str]:
    """The words of a list written as prose."""
    return frozenset(text.split())
