"""View models of the report page: the runs of each question set, labelled, ordered and typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.metrics.ranking import MAIN_MEASURE
from eval.metrics.significance import Estimate
from eval.report.run_facts import Facts, facts, labelled
from eval.runs.comparison import full_against_best_part
from eval.runs.record import ALL, PARITY, Record
from eval.runs.timing import ordered, summary
from eval.systems.rankings import FULL

#: Measures of a question file that are plotted; of a ranking nDCG@10 is.
ANSWER_MEASURES = ("status right", "gold recall", "statement precision")


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure of one run. ``cells``: one for each group, ``None`` if the run has no value for it."""

    run: str
    measure: str
    cells: tuple[Estimate | None, ...]


@dataclass(frozen=True, slots=True)
class MeasureTable:
    """Measures of all runs of a set. ``groups``: languages, or pairs of languages."""

    groups: tuple[str, ...]
    rows: tuple[MeasureRow, ...]

    def series(self, measures: Sequence[str]) -> dict[str, tuple[Estimate | None, ...]]:
        """The rows of these measures, named by run, by measure, or by both if several of each are shown."""
        chosen = [row for row in self.rows if row.measure in measures]
        runs, several = {row.run for row in chosen}, len({row.measure for row in chosen}) > 1
        names = [row.measure if several else row.run for row in chosen]
        if several and len(runs) > 1:
            names = [f"{row.measure}, {row.run}" for row in chosen]
        return {name: row.cells for name, row in zip(names, chosen, strict=True)}


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a run. ``milliseconds``: by step; ``steps``: their summaries; ``further``: ratios."""

    run: str
    milliseconds: dict[str, list[float]]
    steps: dict[str, dict[str, float]]
    further: dict[str, str]


@dataclass(frozen=True, slots=True)
class Statuses:
    """Confusion matrix of a run. ``rows``: expected status → count for each status of ``given``."""

    run: str
    given: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Quality of a run's confidence. ``rows``: group → AUROC and calibration error; ``bins``: by tenth."""

    run: str
    rows: dict[str, tuple[float | None, float]]
    bins: tuple[dict[str, float], ...]


@dataclass(frozen=True, slots=True)
class SetView:
    """All runs of one question set."""

    name: str
    kind: str
    digest: str
    facts: Facts
    measures: MeasureTable
    parity: MeasureTable
    comparisons: tuple[dict[str, Any], ...]
    times: tuple[Times, ...]
    statuses: tuple[Statuses, ...]
    calibrations: tuple[Calibration, ...]
    worst_cases: tuple[tuple[str, tuple[dict[str, Any], ...]], ...]


def set_views(records: Iterable[Record]) -> list[SetView]:
    """Records by set, in order of first appearance."""
    by_set: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        key = (str(record["set"]["name"]), str(record["set"]["sha256"]))
        by_set.setdefault(key, []).append(record)
    return [_set_view(found) for found in by_set.values()]


def _set_view(records: Sequence[Record]) -> SetView:
    source, runs = records[0]["set"], labelled(records)
    return SetView(
        str(source["name"]),
        str(source["kind"]),
        str(source["sha256"]),
        facts(runs),
        _measure_table(runs, parity=False),
        _measure_table(runs, parity=True),
        tuple(row for group in _comparable(records) for row in full_against_best_part(group)),
        tuple(_times(label, r["timings"]) for label, r in runs.items() if r.get("timings")),
        tuple(
            _statuses(label, r["details"]["confusion"][ALL])
            for label, r in runs.items()
            if "confusion" in r["details"]
        ),
        tuple(
            _calibration(label, r["details"]["confidence"])
            for label, r in runs.items()
            if "confidence" in r["details"]
        ),
        _worst_cases(runs),
    )


def _measure_table(runs: Mapping[str, Record], parity: bool) -> MeasureTable:
    chosen = [
        (label, measure, row)
        for label, record in runs.items()
        for measure, row in record["figures"].items()
        if (measure == PARITY) == parity
    ]
    groups = tuple(dict.fromkeys(group for _, _, row in chosen for group in row))
    rows = [
        MeasureRow(label, measure, tuple(_estimate(row[g]) if g in row else None for g in groups))
        for label, measure, row in chosen
    ]
    order = list(dict.fromkeys(row.measure for row in rows))
    return MeasureTable(groups, tuple(sorted(rows, key=lambda row: order.index(row.measure))))


def _estimate(row: Mapping[str, Any]) -> Estimate:
    return Estimate(float(row["mean"]), float(row["low"]), float(row["high"]), int(row["count"]))


def _comparable(records: Sequence[Record]) -> list[list[Record]]:
    """Groups of runs of the same questions on the same index, one of each ranking, with the full one."""
    groups: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        if MAIN_MEASURE in record["values"]:
            key = (str(record["system"]["manifest"]), ",".join(record["values"][MAIN_MEASURE]))
            groups.setdefault(key, {}).setdefault(str(record["settings"]["ranking"]), record)
    return [list(group.values()) for group in groups.values() if FULL in group and len(group) > 1]


def _times(label: str, timings: Mapping[str, Mapping[str, float]]) -> Times:
    summarised = summary(timings)
    further = {name: f"{value:.2f} ×" for name, value in summarised["ratios"].items()}
    further |= {name: f"{value:.1f} ms" for name, value in summarised["beyond_encoding"].items()}
    milliseconds = {step: [float(v) for v in row.values()] for step, row in ordered(timings).items()}
    return Times(label, milliseconds, summarised["steps"], further)


def _statuses(label: str, confusion: Mapping[str, Mapping[str, int]]) -> Statuses:
    given = tuple(sorted({status for row in confusion.values() for status in row}))
    rows = {name: tuple(int(confusion[name].get(s, 0)) for s in given) for name in sorted(confusion)}
    return Statuses(label, given, rows)


def _calibration(label: str, confidence: Mapping[str, Mapping[str, Any]]) -> Calibration:
    rows = {
        group: (None if row["auroc"] is None else float(row["auroc"]), float(row["ece"]))
        for group, row in confidence.items()
    }
    bins = tuple({name: float(row[name]) for name in row} for row in confidence[ALL]["reliability"])
    return Calibration(label, rows, bins)


def _worst_cases(runs: Mapping[str, Record]) -> tuple[tuple[str, tuple[dict[str, Any], ...]], ...]:
    """The worst cases of the full ranking, or of all rankings if the full one is not among them."""
    found = {label: r for label, r in runs.items() if r["details"].get("worst")}
    full = {label: r for label, r in found.items() if r["settings"].get("ranking") == FULL}
    return tuple((label, tuple(r["details"]["worst"])) for label, r in (full or found).items())
