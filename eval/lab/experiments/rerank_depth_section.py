"""The section of the report page on rerank depth."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from eval.lab.experiments.rerank_depth_record import DepthResult
from eval.report.charts import Point, trade_offs
from eval.report.html import Section, render_section
from eval.report.set_charts import Chart


def rerank_depth_section(name: str, results: Sequence[DepthResult], number: int = 1) -> Section:
    """Table and curves of one record. ``number``: position among the page's sections of this kind."""
    return render_section(
        f"rerank-depth-{number}",
        f"Rerank depth: {name}",
        "eval.lab.experiments",
        "rerank_depth.html.j2",
        rows=results,
        chart=_chart(results, number),
    )


def _chart(results: Sequence[DepthResult], number: int) -> Chart:
    panels = {
        "nDCG@10": [Point(it.name, it.milliseconds, it.ndcg) for it in results],
        "first citation holds the answer": [
            Point(it.name, it.milliseconds, it.first_citation) for it in results
        ],
    }
    points = (
        f"{it.name}: {it.milliseconds:.0f} ms, nDCG@10 {it.ndcg:.3f}, first citation {it.first_citation:.3f}"
        for it in results
    )
    alt = f"Quality over the median time of an answer. {'; '.join(points)}."
    return Chart(Markup(trade_offs(f"depth {number}", panels, "median of an answer, ms")), alt)
