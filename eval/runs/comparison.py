"""Paired comparison of two runs on their common questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from eval.metrics.ranking import MAIN_MEASURE
from eval.metrics.significance import compare
from eval.runs.record import ALL, Record
from eval.systems.rankings import FULL
from indexer.errors import SourceError


def compare_records(a: Record, b: Record, measure: str) -> dict[str, Any]:
    """Paired comparison overall and for each language, as a JSON object.

    Raises:
        SourceError: a run has no such measure, or the two have no question in common.
    """
    values_a, values_b = _values(a, measure), _values(b, measure)
    common = [query_id for query_id in values_a if query_id in values_b]
    if not common:
        raise SourceError(f"{measure}: the two runs have no question in common, there is nothing to compare")
    queries = a["queries"]
    cluster = {query_id: queries.get(query_id, {}).get("parallel", query_id) for query_id in common}
    return {
        "measure": measure,
        "a": _circumstances(a),
        "b": _circumstances(b),
        "same_set": a["set"]["sha256"] == b["set"]["sha256"],
        "left_out": {"a": len(values_a) - len(common), "b": len(values_b) - len(common)},
        "groups": {
            name: asdict(compare({q: values_a[q] for q in ids}, {q: values_b[q] for q in ids}, cluster))
            for name, ids in _groups(common, queries).items()
        },
    }


def _values(record: Record, measure: str) -> Mapping[str, float]:
    values: Mapping[str, Mapping[str, float]] = record["values"]
    if measure not in values:
        measures = ", ".join(values) or "it has no measures"
        raise SourceError(f"measure {measure!r} is not in the run of {record['set']['name']}: {measures}")
    return values[measure]


def _groups(query_ids: Sequence[str], queries: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """All questions, and those of each language if there are several."""
    by_language: dict[str, list[str]] = {}
    for query_id in query_ids:
        # Ids of parallel questions, as the values of parity have them, belong to no language.
        by_language.setdefault(queries.get(query_id, {}).get("language", ALL), []).append(query_id)
    groups = {ALL: list(query_ids)}
    return groups | dict(sorted(by_language.items())) if len(by_language) > 1 else groups


def _circumstances(record: Record) -> dict[str, Any]:
    return {key: record[key] for key in ("set", "system", "settings", "created")}


def full_against_best_part(records: Sequence[Record]) -> list[dict[str, Any]]:
    """The full ranking against the other ranking of the highest nDCG@10: overall and for each language.

    Args:
        records: runs of one set on one index, the full ranking among them.

    Returns:
        Rows with language, part, the two means, ``difference`` (full - part, with its 95 % interval), p and
        verdict; empty if there is no other ranking.
    """
    by_ranking = {record["settings"]["ranking"]: record for record in records}
    full = by_ranking.pop(FULL)
    comparisons: dict[str, dict[str, Any]] = {}
    rows = []
    for language in full["figures"][MAIN_MEASURE] if by_ranking else ():
        part = max(by_ranking, key=lambda name: by_ranking[name]["figures"][MAIN_MEASURE][language]["mean"])
        if part not in comparisons:
            comparisons[part] = compare_records(by_ranking[part], full, MAIN_MEASURE)["groups"]
        compared = comparisons[part][language]
        rows.append(
            {
                "set": full["set"]["name"],
                "language": language,
                "part": part,
                "full_mean": compared["mean_b"],
                "part_mean": compared["mean_a"],
                "difference": compared["difference"],
                "p": compared["p"],
                "verdict": verdict(compared["difference"]),
            }
        )
    return rows


def verdict(difference: Mapping[str, float]) -> str:
    """The reading of the interval of full - part: worse only if all of it is below zero."""
    if difference["high"] < 0:
        return "worse than the part"
    return "better than the part" if difference["low"] > 0 else "not worse beyond the interval"


def in_one_sentence(row: Record) -> str:
    """A row of ``full_against_best_part`` as one sentence."""
    difference = row["difference"]
    return (
        f"{row['set']}, {row['language']}: full {row['full_mean']:.3f} against {row['part']} "
        f"{row['part_mean']:.3f}, difference {difference['mean']:+.3f} "
        f"({difference['low']:+.3f} to {difference['high']:+.3f}), p {row['p']:.3f}: full is {row['verdict']}"
    )
