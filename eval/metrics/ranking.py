"""Ranking measures for each question, by ``ir_measures`` (https://ir-measur.es).

nDCG@10: Järvelin & Kekäläinen 2002, binary or graded gains; R@k: recall; RR: reciprocal of the first
relevant rank. A question without a result counts as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import ir_measures
import numpy as np
import numpy.typing as npt
from ir_measures import RR, R, nDCG

#: Question id → documents with their scores, best first, each document once.
Run = Mapping[str, Sequence[tuple[str, float]]]
Qrels = Mapping[str, Mapping[str, int]]
#: Question id → value.
Values = dict[str, float]
Floats = npt.NDArray[np.float64]

MEASURES = (nDCG @ 10, R @ 1, R @ 10, RR)
#: The measure that runs are compared by.
MAIN_MEASURE = "nDCG@10"
_CUTOFF = 10


def ranking_values(qrels: Qrels, run: Run) -> dict[str, Values]:
    """Measure → question → value from 0 to 1, for each question of ``qrels`` in its order.

    Documents are ranked by their order in the run: trec_eval would break ties of their scores differently.
    """
    by_rank = {
        query_id: {document: -float(rank) for rank, (document, _) in enumerate(run.get(query_id, ()))}
        for query_id in qrels
    }
    judged = {query_id: dict(grades) for query_id, grades in qrels.items()}
    values: dict[str, Values] = {str(measure): dict.fromkeys(qrels, 0.0) for measure in MEASURES}
    for metric in ir_measures.iter_calc(list(MEASURES), judged, by_rank):
        values[str(metric.measure)][metric.query_id] = float(metric.value)
    return values


def mean(values: Values) -> float:
    """The arithmetic mean over the questions; 0 if there are none."""
    return sum(values.values()) / len(values) if values else 0.0


def dcg(gains: Floats) -> float:
    """DCG@10 of gains in the order of a ranking, shape ``(n,)``."""
    first = gains[:_CUTOFF]
    return float((first / np.log2(np.arange(2, len(first) + 2))).sum())


def ideal_dcg(grades: Iterable[int]) -> float:
    """DCG@10 of the best ranking of these grades; divides ``dcg`` to nDCG@10.

    The two give the nDCG@10 of ``ranking_values`` for a single question, without the cost of a call of
    ir_measures, for loops over thousands of rankings.
    """
    return dcg(np.array(sorted((grade for grade in grades if grade > 0), reverse=True), np.float64))
