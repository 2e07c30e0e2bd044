"""Tables of records and comparisons for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.runs.record import ALL, PARITY
from eval.runs.timing import summary

#: The steps that a user waits for; their parts are in the record.
_STEPS = ("search", "ask")


def print_record(record: Mapping[str, Any], console: Console) -> None:
    """Print the measures of a run with half their 95 % intervals, and its confusion matrix if it has one."""
    source, system, details = record["set"], record["system"], record["details"]
    title = f"{source['name']}: {system['model']['name']}, {record['settings']['ranking']} ranking"
    measures = {name: row for name, row in record["figures"].items() if name != PARITY}
    console.print(_table(title, measures))
    if PARITY in record["figures"]:
        console.print(_table("Places cited in common", {PARITY: record["figures"][PARITY]}))
    if "confusion" in details:
        console.print(_confusion(details["confusion"][ALL]))
    for group, row in details.get("confidence", {}).items():
        auroc = "" if row["auroc"] is None else f"AUROC {row['auroc']:.3f}, "
        console.print(f"confidence, {group}: {auroc}calibration error {row['ece']:.3f}")
    if "abstention" in details:
        console.print(_abstention(details["abstention"]), soft_wrap=True)
    if "invalid_citations" in details:
        console.print(f"{details['invalid_citations']} citations do not match their documents")
    for step, row in summary(record["timings"])["steps"].items():
        if step in _STEPS:
            console.print(f"{step}: median {row['median']:.1f} ms, p95 {row['p95']:.1f} ms")
    count = len(record["queries"])
    console.print(f"{count} questions, ± 95 % confidence, generation {system['generation']}", soft_wrap=True)


def _table(title: str, measures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    groups = list(dict.fromkeys(group for row in measures.values() for group in row))
    table = Table("measure", title=title, title_justify="left")
    for group in groups:
        table.add_column(group, justify="right", no_wrap=True)
    for measure, row in measures.items():
        table.add_row(measure, *(_cell(row[group]) if group in row else "" for group in groups))
    return table


def _cell(estimate: Mapping[str, float]) -> str:
    return f"{estimate['mean']:.3f} ±{(estimate['high'] - estimate['low']) / 2:.3f}"


def _confusion(matrix: Mapping[str, Mapping[str, int]]) -> Table:
    given = sorted({status for row in matrix.values() for status in row})
    table = Table("expected \\ given", *given, title="Statuses", title_justify="left")
    for expected in sorted(matrix):
        table.add_row(expected, *(str(matrix[expected].get(status, 0)) for status in given))
    return table


def _abstention(row: Mapping[str, Any]) -> str:
    quality = "" if row["auroc"] is None else f"AUROC of the confidence {row['auroc']:.3f}"
    if row["abstained"] is not None:
        quality += f", {row['abstained']:.0%} refused if 10 % of the answerable are"
    counts = f"{row['unanswerable']} without an answer against {row['answerable']} with one"
    return f"{counts} ({', '.join(row['languages'])}): {quality}"


def comparison_table(comparison: Mapping[str, Any]) -> Table:
    """The comparison for the terminal; the difference is B - A."""
    table = Table(title=f"{comparison['measure']}: A {_title(comparison['a'])} · B {_title(comparison['b'])}")
    for column in ("questions", "n", "A", "B", "B - A", "95 % interval", "p"):
        table.add_column(column, justify="left" if column == "questions" else "right")
    for name, row in comparison["groups"].items():
        difference = row["difference"]
        table.add_row(
            name,
            str(difference["count"]),
            f"{row['mean_a']:.4f}",
            f"{row['mean_b']:.4f}",
            f"{difference['mean']:+.4f}",
            f"{difference['low']:+.4f} to {difference['high']:+.4f}",
            f"{row['p']:.4f}",
        )
    return table


def _title(run: Mapping[str, Any]) -> str:
    return f"{run['set']['name']}, {run['settings']['ranking']}, {run['system']['generation'][-8:]}"
