"""Entities named in a text: numbered acts, provinces, persons, dates."""

__all__ = ["dates", "key_index", "mentions", "persons", "places", "references"]
