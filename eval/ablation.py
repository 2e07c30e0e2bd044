"""What each kind of evidence gives: every ranking of a set from one search per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval import runs
from eval.comparing import compare_records
from eval.datasets import BeirSet, Query
from eval.measuring import Outcome, ranked_outcome
from eval.systems import RANKINGS, LocalSystem, Ranking
from eval.timing import WARM_UP, Stopwatch

FULL: Ranking = "full"
MEASURE = "nDCG@10"


def measure_rankings(
    dataset: BeirSet,
    system: LocalSystem,
    *,
    limit: int | None = None,
    track: runs.Track[Query] = runs.untracked,
) -> dict[Ranking, Outcome]:
    """Every ranking's outcome, each question's evidence worked out once.

    ``full`` takes the way of the product: its candidates at the depth of a run, and it is what is timed.
    The others reorder one deeper list, so that the full ranking does not decide what they get to see.
    """
    queries, watch = runs.first_of_each_language(dataset.judged, limit), Stopwatch()
    ranked: dict[Ranking, runs.Ranked] = {ranking: runs.Ranked() for ranking in RANKINGS}
    for query in queries[:WARM_UP]:
        system.full(system.evidence(query.text), runs.DEPTH)
    for query in track(queries, f"searching {dataset.name}"):
        with watch.timing("search", query.query_id):
            evidence = system.evidence(query.text)
            full = system.full(evidence, runs.DEPTH)
        watch.note_parts(query.query_id, system.encoding_ms)
        ranked[FULL].add(query.query_id, full)
        for ranking, found in system.ablated(evidence, runs.DEPTH).items():
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
