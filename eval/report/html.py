"""Records as one HTML page that needs nothing else: no script, no request, light and dark, fit to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from eval.lab.benchmarks.scale_record import Scale
from eval.lab.experiments.ablation import MEASURE, sentence
from eval.lab.experiments.rerank_depth_record import Effort
from eval.report.run_facts import Record
from eval.report.views import ANSWER_MEASURES, SetView, sets_of
from indexer.errors import SourceError

if TYPE_CHECKING:
    from eval.report.charts import Bar

PAGE = "report.html"
#: What a record raises that has the outline of one, but not what belongs into it.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, TemplateError)


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot and what it shows in words, for those who do not see it.

    ``svg`` is safe as it is: matplotlib escapes the texts in it.
    """

    svg: Markup
    alt: str


def page(
    records: Mapping[str, Record],
    growths: Mapping[str, Sequence[Scale]] = MappingProxyType({}),
    efforts: Mapping[str, Sequence[Effort]] = MappingProxyType({}),
) -> str:
    """The page of some records; ``records``: name or file → record. Equal records give an equal page.

    ``growths``: the same for figures of indexes of growing size; ``efforts``: for those of reading more.

    Raises:
        SourceError: one of them is no record; the message names it.
    """
    try:
        return _rendered(records.values(), growths, efforts)
    except _MALFORMED:
        for name, record in records.items():
            try:
                _rendered([record])
            except _MALFORMED as error:
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                raise SourceError(f"{name}: no record of a run ({reason})") from error
        raise


def write_page(
    file: Path,
    records: Mapping[str, Record],
    growths: Mapping[str, Sequence[Scale]] = MappingProxyType({}),
    efforts: Mapping[str, Sequence[Effort]] = MappingProxyType({}),
) -> None:
    """Write the page of some records.

    Raises:
        SourceError: one of them is no record, or the file cannot be written.
    """
    text = page(records, growths, efforts)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise SourceError(f"{file}: cannot be written ({error.strerror})") from error


def _rendered(
    records: Iterable[Record],
    growths: Mapping[str, Sequence[Scale]] = MappingProxyType({}),
    efforts: Mapping[str, Sequence[Effort]] = MappingProxyType({}),
) -> str:
    environment = Environment(
        loader=PackageLoader("eval.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sets = sets_of(records)
    shown = [
        (view, _quality(number, view), _times(number, view), _trust(number, view))
        for number, view in enumerate(sets, 1)
    ]
    return environment.get_template("report.html.j2").render(
        sets=shown,
        growths=[(name, scales, _growth(n, scales)) for n, (name, scales) in enumerate(growths.items(), 1)],
        efforts=[(name, plans, _effort(n, plans)) for n, (name, plans) in enumerate(efforts.items(), 1)],
        sentence=sentence,
    )


def _growth(number: int, scales: Sequence[Scale]) -> Chart:
    from eval.report.charts import curves

    panels = {
        "build, texts a second": [it.rate for it in scales],
        "memory of a build, GB": [it.build_bytes / 1e9 for it in scales],
        "build after one change, s": [it.changed_seconds for it in scales],
        "disk, GB": [it.disk_bytes / 1e9 for it in scales],
        "open, s": [it.open_seconds for it in scales],
        "search p50, ms": [it.search_p50 for it in scales],
        "search p95, ms": [it.search_p95 for it in scales],
        "recall@100": [it.recall for it in scales],
    }
    sizes = [it.passages for it in scales]
    said = (f"{name} {', '.join(f'{value:.3g}' for value in values)}" for name, values in panels.items())
    alt = f"Curves over {', '.join(f'{size:,}' for size in sizes)} passages: {'; '.join(said)}."
    return Chart(Markup(curves(f"growth {number}", sizes, panels, "passages")), alt)


def _effort(number: int, plans: Sequence[Effort]) -> Chart:
    from eval.report.charts import Point, trades

    panels = {
        "nDCG@10": [Point(it.name, it.milliseconds, it.ndcg) for it in plans],
        "first citation holds the answer": [
            Point(it.name, it.milliseconds, it.first_citation) for it in plans
        ],
    }
    said = (
        f"{it.name}: {it.milliseconds:.0f} ms, nDCG@10 {it.ndcg:.3f}, first citation {it.first_citation:.3f}"
        for it in plans
    )
    alt = f"Quality over the median time of an answer. {'; '.join(said)}."
    return Chart(Markup(trades(f"effort {number}", panels, "median of an answer, ms")), alt)


def _quality(number: int, view: SetView) -> Chart | None:
    from eval.report.charts import bars

    measures = [MEASURE] if view.kind == "beir" else ANSWER_MEASURES
    series = view.figures.series(measures)
    if not series:
        return None
    groups, unit = view.figures.groups, MEASURE if view.kind == "beir" else "share"
    bars_of = {name: [_bar(cell) for cell in cells] for name, cells in series.items()}
    alt = f"Bars of {unit} with 95 % intervals on {view.name}, by language. "
    alt += " ".join(f"{name}: {_spoken(groups, found)}." for name, found in bars_of.items())
    return Chart(Markup(bars(f"quality {number}", groups, bars_of, unit)), alt)


def _bar(cell: object) -> Bar | None:
    from eval.report.charts import Bar
    from eval.report.views import Estimate

    return Bar(cell.mean, cell.low, cell.high) if isinstance(cell, Estimate) else None


def _spoken(groups: Sequence[str], found: Sequence[Bar | None]) -> str:
    return ", ".join(f"{g} {bar.value:.3f}" for g, bar in zip(groups, found, strict=True) if bar)


def _times(number: int, view: SetView) -> list[Chart]:
    from eval.report.charts import shares

    charts = []
    for place, times in enumerate(view.times, 1):
        said = (
            f"{name} median {row['median']:.1f}, p95 {row['p95']:.1f}" for name, row in times.steps.items()
        )
        alt = (
            f"Share of the questions of {view.name} done within a time in ms, {times.run}: {'; '.join(said)}."
        )
        svg = shares(f"times {number} {place}", times.milliseconds, "ms")
        charts.append(Chart(Markup(svg), alt))
    return charts


def _trust(number: int, view: SetView) -> list[Chart]:
    from eval.report.charts import reliability

    charts = []
    for place, trust in enumerate(view.trust, 1):
        said = (f"{row['said']:.2f} said, {row['true']:.2f} true of {row['count']:.0f}" for row in trust.bins)
        alt = f"Reliability of the confidence on {view.name}, {trust.run}: {'; '.join(said)}."
        charts.append(Chart(Markup(reliability(f"trust {number} {place}", trust.bins)), alt))
    return charts
