"""Outcomes of attacks, and their table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class AttackResult:
    """The outcome of an attack.

    Attributes:
        before: the figure of the review that found the fault.
        measured: the figure now.
        bound: what the figure must keep.
    """

    name: str
    before: str
    measured: str
    bound: str
    holds: bool


def results_table(results: list[AttackResult]) -> Table:
    """The results for the terminal."""
    table = Table("attack", "before", "now", "must be", "", title="attacks", title_justify="left", box=None)
    for result in results:
        verdict = "holds" if result.holds else "MISSED"
        table.add_row(result.name, result.before, result.measured, result.bound, verdict)
    return table
