"""Conversion of HTML, DOCX and PDF to Markdown, one module a format, run in a process of its own (`sandbox`).

Each format's module has ``convert(path) -> ConvertedFile``. Markdown keeps headings, lists and tables
recognisable for cleaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ConversionError", "ConvertedFile", "MissingExtraError", "sandbox"]


@dataclass(frozen=True, slots=True)
class ConvertedFile:
    """Markdown text, and the fields ``title``, ``date`` and ``url`` that the file states."""

    text: str
    fields: dict[str, str] = field(default_factory=dict)


class ConversionError(Exception):
    """A file cannot be converted; the message is one line with the reason."""


class MissingExtraError(ConversionError):
    """The library for a format is not installed."""

    def __init__(self, kind: str, extra: str) -> None:
        super().__init__(f"{kind} is read with an extra: pip install 'fundstelle[{extra}]'")
