"""Word lists and sentences as data, and their cached readers."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["lines", "rows"]


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of a file in this folder without comments (``#``) and blank lines."""
    text = files(__name__).joinpath(name).read_text("utf-8")
    return tuple(line for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a tab-separated file in this folder."""
    return tuple(tuple(line.split("\t")) for line in lines(name))
