"""Metadata filters of a search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions of a search; an empty one restricts nothing. Dates are ISO 8601 and inclusive."""

    references: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    published_from: str | None = None
    published_to: str | None = None
