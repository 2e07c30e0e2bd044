"""Word lists and sentences of our own, and the one way to read them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["lines", "rows"]


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of a file of this folder, without comments (``#``) and empty ones."""
    text = files(__name__).joinpath(name).read_text("utf-8")
    return tuple(line for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """The lines of a table of this folder, split at tabs."""
    return tuple(tuple(line.split("\t")) for line in lines(name))
