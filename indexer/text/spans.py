"""TODO docstring."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text, ``[start, end)`` in Unicode code points."""

    start: int
    end: int
