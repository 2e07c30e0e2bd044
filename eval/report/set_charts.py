"""The charts of one question set on the report page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.metrics.ranking import MAIN_MEASURE
from eval.metrics.significance import Estimate
from eval.report.charts import Bar, bars, cumulative_shares, reliability_diagram
from eval.report.views import ANSWER_MEASURES, SetView


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot and its text alternative. ``svg`` is safe HTML: matplotlib escapes the texts in it."""

    svg: Markup
    alt: str


def quality_chart(number: int, view: SetView) -> Chart | None:
    """Bars of the main measures by language; ``None`` for a set without measures.

    ``number``: position of the set on the page, which keeps the ids of its plots apart.
    """
    ranked = view.kind == "beir"
    series = view.measures.series([MAIN_MEASURE] if ranked else ANSWER_MEASURES)
    if not series:
        return None
    groups, unit = view.measures.groups, MAIN_MEASURE if ranked else "share"
    bars_by_name = {name: [_bar(cell) for cell in cells] for name, cells in series.items()}
    alt = f"Bars of {unit} with 95 % intervals on {view.name}, by language. "
    alt += " ".join(f"{name}: {_spoken(groups, found)}." for name, found in bars_by_name.items())
    return Chart(Markup(bars(f"quality {number}", groups, bars_by_name, unit)), alt)


def time_charts(number: int, view: SetView) -> list[Chart]:
    """For each run of the set the share of its questions that were done within a time."""
    charts = []
    for run_number, times in enumerate(view.times, 1):
        steps = (
            f"{name} median {row['median']:.1f}, p95 {row['p95']:.1f}" for name, row in times.steps.items()
        )
        alt = f"Share of the questions of {view.name} done within a time in ms, {times.run}: "
        alt += f"{'; '.join(steps)}."
        svg = cumulative_shares(f"times {number} {run_number}", times.milliseconds, "ms")
        charts.append(Chart(Markup(svg), alt))
    return charts


def reliability_charts(number: int, view: SetView) -> list[Chart]:
    """For each run of the set the reliability diagram of its confidence."""
    charts = []
    for run_number, calibration in enumerate(view.calibrations, 1):
        tenths = (
            f"{row['said']:.2f} predicted, {row['true']:.2f} observed of {row['count']:.0f}"
            for row in calibration.bins
        )
        alt = f"Reliability of the confidence on {view.name}, {calibration.run}: {'; '.join(tenths)}."
        svg = reliability_diagram(f"trust {number} {run_number}", calibration.bins)
        charts.append(Chart(Markup(svg), alt))
    return charts


def _bar(cell: Estimate | None) -> Bar | None:
    return None if cell is None else Bar(cell.mean, cell.low, cell.high)


def _spoken(groups: Sequence[str], found: Sequence[Bar | None]) -> str:
    return ", ".join(f"{g} {bar.value:.3f}" for g, bar in zip(groups, found, strict=True) if bar)
