"""Linguistic analysis: language detection, index terms, concepts, restoration of diacritics."""

__all__ = ["analyzer", "concepts", "diacritics", "language_detection"]
