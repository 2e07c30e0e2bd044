"""Every ranking of a set from one search for each question, and their Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.metrics.ranking import MAIN_MEASURE
from eval.runs import runner
from eval.runs.comparison import in_one_sentence
from eval.runs.evaluation import Outcome, ranked_outcome
from eval.runs.record import ALL
from eval.runs.timing import WARM_UP, Stopwatch
from eval.systems.local import LocalSystem
from eval.systems.rankings import FULL, RANKINGS, Ranking

_FURTHER = ("R@1", "RR")
_NAMES = {"RR": "MRR"}


def measure_rankings(
    dataset: BeirSet,
    system: LocalSystem,
    *,
    limit: int | None = None,
    track: runner.Track[Query] = runner.without_progress,
) -> dict[Ranking, Outcome]:
    """The outcome of every ranking, each question encoded once.

    The full ranking retrieves to the depth of a run, as the product does, and is timed. The others reorder
    one deeper list, so that the full ranking does not select their candidates.
    """
    queries, watch = runner.first_of_each_language(dataset.judged, limit), Stopwatch()
    ranked: dict[Ranking, runner.RankedQueries] = {ranking: runner.RankedQueries() for ranking in RANKINGS}
    for query in queries[:WARM_UP]:
        system.full(system.encode(query.text), runner.DEPTH)
    for query in track(queries, f"searching {dataset.name}"):
        with watch.timing("search", query.query_id):
            evidence = system.encode(query.text)
            full = system.full(evidence, runner.DEPTH)
        watch.note_parts(query.query_id, system.encoding_ms)
        ranked[FULL].add(query.query_id, full)
        for ranking, found in system.ablated(evidence, runner.DEPTH).items():
            ranked[ranking].add(query.query_id, found)
    return {
        ranking: ranked_outcome(
            dataset, queries, ranked_queries, system, watch.timings if ranking == FULL else None
        )
        for ranking, ranked_queries in ranked.items()
    }


def ablation_table(records: Sequence[Mapping[str, Any]], comparisons: Sequence[Mapping[str, Any]]) -> str:
    """Rows set and ranking, columns nDCG@10 per language ± half the 95 % interval, R@1 and MRR over all."""
    groups = dict.fromkeys(group for record in records for group in record["figures"][MAIN_MEASURE])
    header = ["set", "ranking", *(f"{MAIN_MEASURE} {group}" for group in groups)]
    header += [_NAMES.get(measure, measure) for measure in _FURTHER]
    lines = [_row(header), _row(["---", "---", *["---:"] * (len(header) - 2)])]
    for record in records:
        measures = record["figures"]
        main = measures[MAIN_MEASURE]
        cells = [_cell(main[group]) if group in main else "" for group in groups]
        cells += [_cell(measures[measure][ALL]) for measure in _FURTHER]
        lines.append(_row([record["set"]["name"], record["settings"]["ranking"], *cells]))
    sentences = [f"- {_escaped(in_one_sentence(row))}." for row in comparisons]
    notes = "± is half of the 95 % interval: bootstrap over questions, translations drawn together."
    paired = (
        f"Full against the best other ranking by {MAIN_MEASURE}, paired on the same questions; the interval "
        "is that of the difference, p of a randomisation test:"
    )
    return "\n".join(["# Ablation", "", *lines, "", notes, "", paired, "", *sentences, ""])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _cell(estimate: Mapping[str, float]) -> str:
    return f"{estimate['mean']:.3f} ± {(estimate['high'] - estimate['low']) / 2:.3f}"


def _escaped(text: str) -> str:
    """The text of a cell. Names of sets are names of folders, with any character but a slash."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())
