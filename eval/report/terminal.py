"""Showing and keeping a run: tables for the terminal, a JSON record, and files in TREC's formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.runs.record import ALL, PARITY
from eval.runs.timing import summary

#: What a user waits for; the parts of it are in the record.
_STEPS = ("search", "ask")


def print_record(record: Mapping[str, Any], console: Console) -> None:
    """Figures of a run with half the width of their 95 % intervals, and the confusion matrix if any."""
    source, system, details = record["set"], record["system"], record["details"]
    title = f"{source['name']}: {system['model']['name']}, {record['settings']['ranking']} ranking"
    ranked = {name: figures for name, figures in record["figures"].items() if name != PARITY}
    console.print(_table(title, ranked))
    if PARITY in record["figures"]:
        console.print(_table("Places cited in common", {PARITY: record["figures"][PARITY]}))
    if "confusion" in details:
        console.print(_confusion(details["confusion"][ALL]))
    for group, row in details.get("confidence", {}).items():
        told = "" if row["auroc"] is None else f"AUROC {row['auroc']:.3f}, "
        console.print(f"confidence, {group}: {told}calibration error {row['ece']:.3f}")
    if "abstention" in details:
        console.print(_abstention(details["abstention"]), soft_wrap=True)
    if "invalid_citations" in details:
        console.print(f"{details['invalid_citations']} citations do not stand where they say")
    for step, row in summary(record["timings"])["steps"].items():
        if step in _STEPS:
            console.print(f"{step}: median {row['median']:.1f} ms, p95 {row['p95']:.1f} ms")
    count = len(record["queries"])
    console.print(f"{count} questions, ± 95 % confidence, generation {system['generation']}", soft_wrap=True)


def _table(title: str, figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    groups = list(dict.fromkeys(group for row in figures.values() for group in row))
    table = Table("measure", title=title, title_justify="left")
    for group in groups:
        table.add_column(group, justify="right", no_wrap=True)
    for measure, row in figures.items():
        table.add_row(measure, *(_cell(row[group]) if group in row else "" for group in groups))
    return table


def _cell(figure: Mapping[str, float]) -> str:
    return f"{figure['mean']:.3f} ±{(figure['high'] - figure['low']) / 2:.3f}"


def _confusion(matrix: Mapping[str, Mapping[str, int]]) -> Table:
    given = sorted({status for row in matrix.values() for status in row})
    table = Table("expected \\ given", *given, title="Statuses", title_justify="left")
    for expected in sorted(matrix):
        table.add_row(expected, *(str(matrix[expected].get(status, 0)) for status in given))
    return table


def _abstention(row: Mapping[str, Any]) -> str:
    told = "" if row["auroc"] is None else f"AUROC of the confidence {row['auroc']:.3f}"
    if row["abstained"] is not None:
        told += f", {row['abstained']:.0%} refused where 10 % of the answerable are"
    counts = f"{row['unanswerable']} without an answer against {row['answerable']} with one"
    return f"{counts} ({', '.join(row['languages'])}): {told}"
