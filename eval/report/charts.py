"""Plots as SVG for use inside a page: the only module that imports matplotlib."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, NullFormatter

#: Okabe & Ito 2008: distinguishable by the colour-blind, visible on white and on black.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_LINES = ("-", "--", "-.", ":")
#: Placeholder for the text colour of the page.
_INK = "#010203"
_SHOWN_SHARE = 99.0
_POINTS = 200
#: Curves of fewer points have markers.
_MARKED = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with the bounds of its interval."""

    value: float
    low: float
    high: float


def bars(name: str, groups: Sequence[str], series: Mapping[str, Sequence[Bar | None]], unit: str) -> str:
    """Grouped bars with error bars: one bar for each series and group that has a value.

    Args:
        name: unique on its page; the ids of the plot are derived from it.
    """
    with _style(name):
        figure = Figure(figsize=(8, 3.2), layout="constrained")
        axes = figure.subplots()
        width = 0.8 / max(1, len(series))
        for number, (label, values) in enumerate(series.items()):
            shown = [(position, bar) for position, bar in enumerate(values) if bar is not None]
            middle = [position + (number - (len(series) - 1) / 2) * width for position, _ in shown]
            errors = np.array([(bar.value - bar.low, bar.high - bar.value) for _, bar in shown]).reshape(
                -1, 2
            )
            axes.bar(
                middle,
                [bar.value for _, bar in shown],
                0.9 * width,
                yerr=np.clip(errors.T, 0.0, None),
                label=label,
                color=_COLOURS[number % len(_COLOURS)],
                error_kw={"ecolor": _INK, "elinewidth": 1, "capsize": 2},
            )
        axes.set_xticks(range(len(groups)), list(groups))
        axes.set_ylim(0, 1.05)
        axes.set_ylabel(unit)
        axes.grid(axis="y", alpha=0.25)
        axes.set_axisbelow(True)
        return _svg(figure, axes, columns=len(series))


def cumulative_shares(name: str, steps: Mapping[str, Sequence[float]], unit: str) -> str:
    """Share of the questions done within a time, a line for each step; dots at the median, squares at p95."""
    with _style(name):
        figure = Figure(figsize=(8, 3.2), layout="constrained")
        axes = figure.subplots()
        for number, (step, values) in enumerate(steps.items()):
            # Quantiles instead of every question: the same line, and a page that stays small.
            levels = np.linspace(0, 100, min(_POINTS, max(2, len(values))))
            colour = _COLOURS[number % len(_COLOURS)]
            axes.plot(
                np.percentile(values, levels),
                levels / 100,
                label=step,
                color=colour,
                linestyle=_LINES[number % len(_LINES)],
            )
            for level, marker in ((50, "o"), (95, "s")):
                axes.plot(np.percentile(values, level), level / 100, marker=marker, color=colour)
        axes.set_xlim(0, 1.1 * max(float(np.percentile(values, _SHOWN_SHARE)) for values in steps.values()))
        axes.set_ylim(0, 1.02)
        axes.set_xlabel(unit)
        axes.set_ylabel("share of the questions")
        axes.grid(alpha=0.25)
        return _svg(figure, axes, columns=len(steps))


def reliability_diagram(name: str, bins: Sequence[Mapping[str, float]]) -> str:
    """Observed share against predicted probability, by tenth; larger dots for more questions."""
    with _style(name):
        figure = Figure(figsize=(4.4, 4), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.8, linestyle=":")
        predicted, observed = [row["said"] for row in bins], [row["true"] for row in bins]
        axes.plot(predicted, observed, color=_COLOURS[0], linewidth=1)
        most = max((row["count"] for row in bins), default=1)
        sizes = [20 + 180 * row["count"] / most for row in bins]
        axes.scatter(predicted, observed, s=sizes, color=_COLOURS[0], alpha=0.8)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_xlabel("confidence")
        axes.set_ylabel("share of answerable questions")
        axes.grid(alpha=0.25)
        return _svg(figure, axes, columns=1)


def curves(
    name: str,
    sizes: Sequence[float],
    panels: Mapping[str, Sequence[float]],
    unit: str,
    logarithmic: bool = True,
) -> str:
    """A panel for each measure over ``sizes``."""
    with _style(name):
        figure = Figure(figsize=(9, 5), layout="constrained")
        grid = figure.subplots(2, -(-len(panels) // 2), squeeze=False).flat
        for axes, (title, values) in zip(grid, panels.items(), strict=False):
            axes.plot(sizes, values, marker="o" if len(sizes) < _MARKED else "", color=_COLOURS[0])
            axes.set_title(title, fontsize=10)
            axes.set_xscale("log" if logarithmic else "linear")
            # matplotlib writes powers on a logarithmic axis as formulas, which are not parsed here.
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel(unit)
            axes.set_ylim(0, 1.05 * max(values))
            axes.grid(alpha=0.25)
        return _svg(figure, axes, columns=1)


@dataclass(frozen=True, slots=True)
class Point:
    """A named alternative with its cost and its quality."""

    name: str
    cost: float
    quality: float


def trade_offs(name: str, panels: Mapping[str, Sequence[Point]], unit: str) -> str:
    """A panel for each measure: quality over cost, labelled points, a line along the Pareto front."""
    with _style(name):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        grid = figure.subplots(1, len(panels), squeeze=False).flat
        for axes, (title, points) in zip(grid, panels.items(), strict=True):
            best = _pareto_front(points)
            axes.plot([p.cost for p in best], [p.quality for p in best], color=_COLOURS[0], linewidth=1)
            axes.scatter([p.cost for p in points], [p.quality for p in points], color=_COLOURS[0], s=24)
            for point in points:
                axes.annotate(
                    point.name,
                    (point.cost, point.quality),
                    xytext=(4, -11),
                    textcoords="offset points",
                    fontsize=8,
                )
            axes.set_title(title, fontsize=10)
            axes.set_xlabel(unit)
            axes.set_xlim(left=0)
            axes.margins(x=0.2, y=0.15)
            axes.grid(alpha=0.25)
        return _svg(figure, axes, columns=1)


def _pareto_front(points: Sequence[Point]) -> list[Point]:
    """The points that are better than every cheaper one, cheapest first."""
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.quality)):
        if not front or point.quality > front[-1].quality:
            front.append(point)
    return front


def _style(salt: str) -> contextlib.AbstractContextManager[None]:
    """Settings for reproducible SVG, in which names from files are never parsed as formulas."""
    return matplotlib.rc_context(
        {
            "svg.hashsalt": salt,
            "svg.fonttype": "none",
            "text.parse_math": False,
            "font.family": "sans-serif",
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.color": _INK,
            "axes.labelcolor": _INK,
            "axes.edgecolor": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
            "grid.color": _INK,
        }
    )


def _svg(figure: Figure, axes: Axes, columns: int) -> str:
    if columns > 1:
        figure.legend(
            *axes.get_legend_handles_labels(), loc="outside upper left", ncols=columns, frameon=False
        )
    file = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return _inline(file.getvalue())


def _inline(svg: str) -> str:
    """An SVG document as an element of a page: the page's colour and font, and only the ids that are used."""
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"| font-family: [^;"]*;', "", svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    return re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", svg)
