"""Records as the page shows them: what belongs together, named, in order, and of known types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.lab.experiments.ablation import FULL, MEASURE, against_best_part
from eval.report.run_facts import Facts, Record, facts, labelled
from eval.runs.record import ALL, PARITY
from eval.runs.timing import ordered, summary

#: Measures of a question file that stand in its plot; those of a ranking have one plot for nDCG@10.
ANSWER_MEASURES = ("status right", "gold recall", "statement precision")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its interval."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One measure of one run; ``cells`` by group, ``None`` where there is none."""

    run: str
    measure: str
    cells: tuple[Estimate | None, ...]


@dataclass(frozen=True, slots=True)
class FigureTable:
    """Figures of all runs of a set; ``groups`` are languages, or pairs of them."""

    groups: tuple[str, ...]
    rows: tuple[FigureRow, ...]

    def series(self, measures: Sequence[str]) -> dict[str, tuple[Estimate | None, ...]]:
        """The rows of these measures by what tells them apart: run, measure, or both."""
        chosen = [row for row in self.rows if row.measure in measures]
        runs, several = {row.run for row in chosen}, len({row.measure for row in chosen}) > 1
        names = [row.measure if several else row.run for row in chosen]
        if several and len(runs) > 1:
            names = [f"{row.measure}, {row.run}" for row in chosen]
        return {name: row.cells for name, row in zip(names, chosen, strict=True)}


@dataclass(frozen=True, slots=True)
class Times:
    """What the steps of a run took: ``milliseconds`` by step, and the summary of them."""

    run: str
    milliseconds: dict[str, list[float]]
    steps: dict[str, dict[str, float]]
    further: dict[str, str]


@dataclass(frozen=True, slots=True)
class Statuses:
    """Confusion of statuses of a run: ``rows`` expected → how often each of ``given``."""

    run: str
    given: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a run's confidence can be trusted; ``bins``: what was said and what came true, by tenth."""

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
    figures: FigureTable
    parity: FigureTable
    comparisons: tuple[dict[str, Any], ...]
    times: tuple[Times, ...]
    statuses: tuple[Statuses, ...]
    trust: tuple[Trust, ...]
    worst: tuple[tuple[str, tuple[dict[str, Any], ...]], ...]


def sets_of(records: Iterable[Record]) -> list[SetView]:
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
        _figures(runs, parity=False),
        _figures(runs, parity=True),
        tuple(row for group in _comparable(records) for row in against_best_part(group)),
        tuple(_times(label, r["timings"]) for label, r in runs.items() if r.get("timings")),
        tuple(
            _statuses(label, r["details"]["confusion"][ALL])
            for label, r in runs.items()
            if "confusion" in r["details"]
        ),
        tuple(
            _trust(label, r["details"]["confidence"])
            for label, r in runs.items()
            if "confidence" in r["details"]
        ),
        _worst(runs),
    )


def _figures(runs: Mapping[str, Record], parity: bool) -> FigureTable:
    chosen = [
        (label, measure, row)
        for label, record in runs.items()
        for measure, row in record["figures"].items()
        if (measure == PARITY) == parity
    ]
    groups = tuple(dict.fromkeys(group for _, _, row in chosen for group in row))
    rows = [
        FigureRow(label, measure, tuple(_estimate(row[g]) if g in row else None for g in groups))
        for label, measure, row in chosen
    ]
    order = list(dict.fromkeys(row.measure for row in rows))
    return FigureTable(groups, tuple(sorted(rows, key=lambda row: order.index(row.measure))))


def _estimate(figure: Mapping[str, Any]) -> Estimate:
    return Estimate(float(figure["mean"]), float(figure["low"]), float(figure["high"]), int(figure["count"]))


def _comparable(records: Sequence[Record]) -> list[list[Record]]:
    """Runs of the same questions on the same index, the full ranking among them; one of each ranking."""
    groups: dict[tuple[str, str], dict[str, Record]] = {}
    for record in records:
        if MEASURE in record["values"]:
            key = (str(record["system"]["manifest"]), ",".join(record["values"][MEASURE]))
            groups.setdefault(key, {}).setdefault(str(record["settings"]["ranking"]), record)
    return [list(group.values()) for group in groups.values() if FULL in group and len(group) > 1]


def _times(label: str, timings: Mapping[str, Mapping[str, float]]) -> Times:
    told = summary(timings)
    further = {name: f"{value:.2f} ×" for name, value in told["ratios"].items()}
    further |= {name: f"{value:.1f} ms" for name, value in told["beyond_encoding"].items()}
    milliseconds = {step: [float(v) for v in row.values()] for step, row in ordered(timings).items()}
    return Times(label, milliseconds, told["steps"], further)


def _statuses(label: str, confusion: Mapping[str, Mapping[str, int]]) -> Statuses:
    given = tuple(sorted({status for row in confusion.values() for status in row}))
    rows = {name: tuple(int(confusion[name].get(s, 0)) for s in given) for name in sorted(confusion)}
    return Statuses(label, given, rows)


def _trust(label: str, confidence: Mapping[str, Mapping[str, Any]]) -> Trust:
    rows = {
        group: (None if row["auroc"] is None else float(row["auroc"]), float(row["ece"]))
        for group, row in confidence.items()
    }
    bins = tuple({name: float(row[name]) for name in row} for row in confidence[ALL]["reliability"])
    return Trust(label, rows, bins)


def _worst(runs: Mapping[str, Record]) -> tuple[tuple[str, tuple[dict[str, Any], ...]], ...]:
    """Of the full ranking where there is one: of its parts it is known that they miss something."""
    found = {label: r for label, r in runs.items() if r["details"].get("worst")}
    full = {label: r for label, r in found.items() if r["settings"].get("ranking") == FULL}
    return tuple((label, tuple(r["details"]["worst"])) for label, r in (full or found).items())
