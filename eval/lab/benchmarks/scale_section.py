"""The section of the report page on indexes of growing size."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from eval.lab.benchmarks.scale_record import SizeResult
from eval.report.charts import curves
from eval.report.html import Section, render_section
from eval.report.set_charts import Chart


def scale_section(name: str, results: Sequence[SizeResult], number: int = 1) -> Section:
    """Table and curves of one record. ``number``: position among the page's sections of this kind."""
    return render_section(
        f"scale-{number}",
        f"Index size: {name}",
        "eval.lab.benchmarks",
        "scale.html.j2",
        rows=results,
        chart=_chart(results, number),
    )


def _chart(results: Sequence[SizeResult], number: int) -> Chart:
    panels = {
        "build, texts a second": [it.rate for it in results],
        "memory of a build, GB": [it.build_bytes / 1e9 for it in results],
        "build after one change, s": [it.changed_seconds for it in results],
        "disk, GB": [it.disk_bytes / 1e9 for it in results],
        "open, s": [it.open_seconds for it in results],
        "search p50, ms": [it.search_p50 for it in results],
        "search p95, ms": [it.search_p95 for it in results],
        "recall@100": [it.recall for it in results],
    }
    sizes = [it.passages for it in results]
    curve_texts = (
        f"{name} {', '.join(f'{value:.3g}' for value in values)}" for name, values in panels.items()
    )
    alt = f"Curves over {', '.join(f'{size:,}' for size in sizes)} passages: {'; '.join(curve_texts)}."
    return Chart(Markup(curves(f"scale {number}", sizes, panels, "passages")), alt)
