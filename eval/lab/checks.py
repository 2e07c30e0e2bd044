"""Measured values beside the bounds they must keep, and their table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Check:
    """A measured value. ``holds``: True if it keeps its bound; ``None`` if it has no bound."""

    name: str
    value: str
    bound: str = ""
    holds: bool | None = None


def checks_table(title: str, checks: list[Check]) -> Table:
    """The checks for the terminal."""
    table = Table("check", "measured", "must be", "", title=title, title_justify="left", box=None)
    for check in checks:
        verdict = "" if check.holds is None else "holds" if check.holds else "MISSED"
        table.add_row(check.name, check.value, check.bound, verdict)
    return table
