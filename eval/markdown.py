"""The ablation as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.ablation import MEASURE, sentence
from eval.figures import ALL

_FURTHER = ("R@1", "RR")
_NAMES = {"RR": "MRR"}


def ablation_table(records: Sequence[Mapping[str, Any]], comparisons: Sequence[Mapping[str, Any]]) -> str:
    """Rows set and ranking, columns nDCG@10 per language ± half the 95 % interval, R@1 and MRR over all."""
    groups = dict.fromkeys(group for record in records for group in record["figures"][MEASURE])
    header = ["set", "ranking", *(f"{MEASURE} {group}" for group in groups)]
    header += [_NAMES.get(measure, measure) for measure in _FURTHER]
    lines = [_row(header), _row(["---", "---", *["---:"] * (len(header) - 2)])]
    for record in records:
        figures = record["figures"]
        cells = [_cell(figures[MEASURE][group]) if group in figures[MEASURE] else "" for group in groups]
        cells += [_cell(figures[measure][ALL]) for measure in _FURTHER]
        lines.append(_row([record["set"]["name"], record["settings"]["ranking"], *cells]))
    told = [f"- {_escaped(sentence(row))}." for row in comparisons]
    notes = "± is half of the 95 % interval: bootstrap over questions, translations drawn together."
    paired = (
        f"Full against the best other ranking by {MEASURE}, paired on the same questions; the interval is "
        "that of the difference, p of a randomisation test:"
    )
    return "\n".join(["# Ablation", "", *lines, "", notes, "", paired, "", *told, ""])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _cell(figure: Mapping[str, float]) -> str:
    return f"{figure['mean']:.3f} ± {(figure['high'] - figure['low']) / 2:.3f}"


def _escaped(text: str) -> str:
    """A cell's text: names of sets are names of folders, which may hold anything but a slash."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())
