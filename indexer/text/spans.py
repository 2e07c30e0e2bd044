"""Positions in a text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """The part ``[start, end)`` of a text, in Unicode code points."""

    start: int
    end: int
