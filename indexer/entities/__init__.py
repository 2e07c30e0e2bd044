"""Entities named in a text: numbered acts, provinces, persons, dates."""

__all__ = ["dates", "mentions", "persons", "places", "references"]
