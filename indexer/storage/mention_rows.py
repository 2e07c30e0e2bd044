"""Mentions of a document as rows of text in the document store."""

from __future__ import annotations

from collections.abc import Iterator

from indexer.entities.mentions import Mentions

PLACE, PERIOD, DAY = "place", "period", "day"


def to_rows(mentions: Mentions) -> Iterator[tuple[str, str]]:
    """``(kind, value)`` of each mention: a name, an ISO 8601 interval of two dates, or ``MM-DD``."""
    for place in sorted(mentions.places):
        yield PLACE, place
    for first, last in sorted(mentions.periods):
        yield PERIOD, f"{first}/{last}"
    for month, day in sorted(mentions.days):
        yield DAY, f"{month:02}-{day:02}"


def to_period(value: str) -> tuple[str, str]:
    """First and last day of a stored period; ValueError for another value."""
    first, last = value.split("/")
    return first, last


def to_day(value: str) -> tuple[int, int]:
    """Month and day of a stored day; ValueError for another value."""
    month, day = value.split("-")
    return int(month), int(day)
