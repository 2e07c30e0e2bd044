"""Formats that a program made for programs: HTML, DOCX, PDF. Parsed in a process of its own, see ``process``.

Each module has ``parse(path) -> Parsed``: a text in Markdown, so that headings, lists and tables keep their
meaning on the way through cleaning, and what the file says of itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Parsed:
    """Markdown, and fields such as ``title``, ``date`` and ``url`` where the file has them."""

    text: str
    fields: dict[str, str] = field(default_factory=dict)


class ParseError(Exception):
    """A file is not what its name says, holds no text, or cannot be read; told in one line."""


class MissingExtraError(ParseError):
    """The library for a format is not installed."""

    def __init__(self, kind: str, extra: str) -> None:
        super().__init__(f"{kind} is read with an extra: pip install 'fundstelle[{extra}]'")
