"""Whether one run is better than another on the questions both were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from eval.metrics.significance import compare
from eval.runs.record import ALL
from indexer.errors import SourceError


def compare_records(a: Mapping[str, Any], b: Mapping[str, Any], measure: str) -> dict[str, Any]:
    """Paired comparison overall and per language, as a JSON object.

    Raises:
        SourceError: a run has no such measure, or the two share no question.
    """
    for record in (a, b):
        if measure not in record["values"]:
            there = ", ".join(record["values"]) or "it holds no figures"
            raise SourceError(f"measure {measure!r} is not in the run of {record['set']['name']}: {there}")
    values_a, values_b = a["values"][measure], b["values"][measure]
    common = [query_id for query_id in values_a if query_id in values_b]
    if not common:
        raise SourceError(f"{measure}: the two runs have no question in common, there is nothing to compare")
    # Values by parallel, as parity has them, belong to no language.
    language = {query_id: a["queries"].get(query_id, {}).get("language", ALL) for query_id in common}
    cluster = {query_id: a["queries"].get(query_id, {}).get("parallel", query_id) for query_id in common}
    groups = {ALL: common}
    if len(set(language.values())) > 1:
        groups |= {
            name: [q for q in common if language[q] == name] for name in sorted(set(language.values()))
        }
    return {
        "measure": measure,
        "a": _named(a),
        "b": _named(b),
        "same_set": a["set"]["sha256"] == b["set"]["sha256"],
        "left_out": {"a": len(values_a) - len(common), "b": len(values_b) - len(common)},
        "groups": {
            name: asdict(compare({q: values_a[q] for q in ids}, {q: values_b[q] for q in ids}, cluster))
            for name, ids in groups.items()
        },
    }


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


def _named(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in ("set", "system", "settings", "created")}


def _title(run: Mapping[str, Any]) -> str:
    return f"{run['set']['name']}, {run['settings']['ranking']}, {run['system']['generation'][-8:]}"
