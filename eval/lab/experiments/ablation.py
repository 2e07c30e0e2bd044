"""What each kind of evidence gives: every ranking of a set from one search per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.runs import runner
from eval.runs.comparison import compare_records
from eval.runs.evaluation import Outcome, ranked_outcome
from eval.runs.record import ALL
from eval.runs.timing import WARM_UP, Stopwatch
from eval.systems.local import LocalSystem
from eval.systems.rankings import RANKINGS, Ranking

FULL: Ranking = "full"
MEASURE = "nDCG@10"


def measure_rankings(
    dataset: BeirSet,
    system: LocalSystem,
    *,
    limit: int | None = None,
    track: runner.Track[Query] = runner.untracked,
) -> dict[Ranking, Outcome]:
    """Every ranking's outcome, each question's evidence worked out once.

    ``full`` takes the way of the product: its candidates at the depth of a run, and it is what is timed.
    The others reorder one deeper list, so that the full ranking does not decide what they get to see.
    """
    queries, watch = runner.first_of_each_language(dataset.judged, limit), Stopwatch()
    ranked: dict[Ranking, runner.Ranked] = {ranking: runner.Ranked() for ranking in RANKINGS}
    for query in queries[:WARM_UP]:
        system.full(system.evidence(query.text), runner.DEPTH)
    for query in track(queries, f"searching {dataset.name}"):
        with watch.timing("search", query.query_id):
            evidence = system.evidence(query.text)
            full = system.full(evidence, runner.DEPTH)
        watch.note_parts(query.query_id, system.encoding_ms)
        ranked[FULL].add(query.query_id, full)
        for ranking, found in system.ablated(evidence, runner.DEPTH).items():
            ranked[ranking].add(query.query_id, found)
    return {
        ranking: ranked_outcome(dataset, queries, of_it, system, watch.taken if ranking == FULL else None)
        for ranking, of_it in ranked.items()
    }


def against_best_part(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For all questions and each language of a set: full against the other ranking of the highest nDCG@10.

    ``records``: of one set on one index, ``full`` among them. Each row holds language, part, the two means,
    ``difference`` (full - part, with its 95 % interval), p, and the verdict. No rows without another ranking.
    """
    by_ranking = {record["settings"]["ranking"]: record for record in records}
    full = by_ranking.pop(FULL)
    comparisons: dict[str, dict[str, Any]] = {}
    rows = []
    for language in full["figures"][MEASURE] if by_ranking else ():
        part = max(by_ranking, key=lambda name: by_ranking[name]["figures"][MEASURE][language]["mean"])
        if part not in comparisons:
            comparisons[part] = compare_records(by_ranking[part], full, MEASURE)["groups"]
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
    """What the interval of full - part says: worse only if all of it lies below zero."""
    if difference["high"] < 0:
        return "worse than the part"
    return "better than the part" if difference["low"] > 0 else "not worse beyond the interval"


def sentence(row: Mapping[str, Any]) -> str:
    """A comparison in one line."""
    difference = row["difference"]
    return (
        f"{row['set']}, {row['language']}: full {row['full_mean']:.3f} against {row['part']} "
        f"{row['part_mean']:.3f}, difference {difference['mean']:+.3f} "
        f"({difference['low']:+.3f} to {difference['high']:+.3f}), p {row['p']:.3f}: full is {row['verdict']}"
    )


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
