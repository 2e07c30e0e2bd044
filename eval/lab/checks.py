"""TODO docstring."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table


def table(name: str, figures: list[Figure]) -> Table:
    """The figures of a phase."""
    shown = Table("figure", "measured", "must be", "", title=name, title_justify="left", box=None)
    for figure in figures:
        verdict = "" if figure.holds is None else "holds" if figure.holds else "MISSED"
        shown.add_row(figure.name, figure.value, figure.bound, verdict)
    return shown


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value, and whether it holds; ``None`` where nothing is asked of it."""

    name: str
    value: str
    bound: str = ""
    holds: bool | None = None
