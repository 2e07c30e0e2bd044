"""Places, periods and days that a text mentions."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.entities.dates import find_days, find_periods
from indexer.entities.places import find_places


@dataclass(frozen=True, slots=True)
class Mentions:
    """The mentions in a text, each once.

    Attributes:
        places: provinces in Vietnamese spelling.
        periods: first and last day of each period in ISO 8601; both are the same for a single day.
        days: ``(month, day)``, also of dates that name no year.
    """

    places: frozenset[str] = frozenset()
    periods: frozenset[tuple[str, str]] = frozenset()
    days: frozenset[tuple[int, int]] = frozenset()


def find_mentions(text: str) -> Mentions:
    """All mentions in ``text``."""
    return Mentions(mentioned_places(text), mentioned_periods(text), find_days(text))


def mentioned_places(text: str) -> frozenset[str]:
    """The provinces that ``text`` mentions."""
    return frozenset(mention.place for mention in find_places(text))


def mentioned_periods(text: str) -> frozenset[tuple[str, str]]:
    """First and last day of each period that ``text`` mentions."""
    return frozenset((period.first, period.last) for period in find_periods(text))
