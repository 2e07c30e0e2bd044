"""Fitting of the weights of passage similarity, sentence similarity and lexical score.

Two sets of weights, for passages in the language of the question and in another one. Each is a point of a
small grid that is within one standard error of the best point on the development sets.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.datasets.beir import BeirSet
from eval.datasets.query import Query
from eval.metrics.ranking import Floats, dcg, ideal_dcg
from eval.runs.runner import Track
from eval.systems.local import Candidate, LocalSystem

#: Sum of the weights of the two similarities, equal for both sets of weights, so that no language of a corpus
#: has an advantage. The share of the sentence similarity and the lexical weight are fitted. By hand: ADR 1.
COSINES = 2.3
SHARES = tuple(round(0.30 + 0.05 * step, 2) for step in range(14))
LEXICAL = tuple(round(0.05 * step, 2) for step in range(13))
FOLDS = 5
#: Smaller groups are left out, because every group has the same weight.
FEWEST = 30
_DEPTH = 300


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its candidate passages.

    ``parts``: passage, sentence and lexical scores, shape ``(3, n)``; ``documents``: number of the document
    of each passage within the case, shape ``(n,)``; ``gains``: grade by that number; ``ideal``: ideal DCG@10.
    """

    group: str
    fold: int
    parts: Floats
    documents: npt.NDArray[np.int64]
    gains: Floats
    ideal: float

    def ndcg(self, weights: Floats) -> float:
        """nDCG@10 of the documents, each ranked by its best passage."""
        if not len(self.documents):
            return 0.0
        best = np.full(len(self.gains), -np.inf)
        np.maximum.at(best, self.documents, weights @ self.parts)
        return dcg(self.gains[np.argsort(-best, kind="stable")]) / self.ideal


def collect(dataset: BeirSet, system: LocalSystem, track: Track[Query]) -> dict[bool, list[Case]]:
    """The cases of the judged questions: True → in the language of their relevant documents."""
    cases: dict[bool, list[Case]] = {True: [], False: []}
    for query in track(dataset.judged, f"{dataset.name}: searching"):
        found = system.candidates(query.text, _DEPTH)
        grades = dataset.qrels[query.query_id]
        same = [hit.same_language for hit in found if grades.get(hit.document_id, 0) > 0]
        if not same:
            # Without a relevant candidate no weights change the measure.
            continue
        cases[all(same)].append(_case(query, dataset.name, found, grades))
    return cases


def _case(query: Query, name: str, found: Sequence[Candidate], grades: Mapping[str, int]) -> Case:
    numbers: dict[str, int] = {}
    documents = [numbers.setdefault(hit.document_id, len(numbers)) for hit in found]
    parts = np.array([[hit.passage, hit.sentence, hit.lexical] for hit in found], np.float64).T
    return Case(
        group=f"{name} {query.language}",
        # Translations of one question are in the same fold.
        fold=zlib.crc32(query.parallel.encode()) % FOLDS,
        parts=parts,
        documents=np.array(documents, np.int64),
        gains=np.array([float(max(0, grades.get(document, 0))) for document in numbers]),
        ideal=ideal_dcg(grades.values()),
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """The chosen weights, and nDCG@10 by group.

    ``before``: with the weights in use; ``chosen``: with the chosen weights; ``held_out``: each fold with the
    weights that the other folds choose.
    """

    passage: float
    sentence: float
    lexical: float
    before: dict[str, float]
    chosen: dict[str, float]
    held_out: dict[str, float]


def fit(cases: Sequence[Case], in_use: tuple[float, float, float]) -> Fit:
    """Choose the weights of the highest mean over groups: the questions of a set in one language.

    Args:
        in_use: the present weights of passage, sentence and lexical score.
    """
    sizes = Counter(case.group for case in cases)
    cases = [case for case in cases if sizes[case.group] >= FEWEST] or cases
    grid = np.array([[_scores(case, share) for share in SHARES] for case in cases])
    groups, folds = np.array([case.group for case in cases]), np.array([case.fold for case in cases])
    chosen = _choose(grid, groups)
    held_out = np.zeros(len(cases))
    for fold in range(FOLDS):
        training, testing = folds != fold, folds == fold
        if training.any() and testing.any():
            share, lexical = _choose(grid[training], groups[training])
            held_out[testing] = grid[testing, share, lexical]
    before = np.array([case.ndcg(np.array(in_use)) for case in cases])
    passage, sentence, lexical_weight = _weights(SHARES[chosen[0]], LEXICAL[chosen[1]])
    means = _by_group(groups)
    return Fit(
        passage,
        sentence,
        lexical_weight,
        means(before),
        means(grid[:, chosen[0], chosen[1]]),
        means(held_out),
    )


def _weights(share: float, lexical: float) -> tuple[float, float, float]:
    return round(COSINES * (1 - share), 4), round(COSINES * share, 4), lexical


def _scores(case: Case, share: float) -> list[float]:
    return [case.ndcg(np.array(_weights(share, lexical))) for lexical in LEXICAL]


def _choose(grid: Floats, groups: npt.NDArray[np.str_]) -> tuple[int, int]:
    """Row and column of the chosen weights.

    Of all points within one standard error of the best (Breiman et al. 1984) those with the most equal
    weights of the two similarities, and of these the best.

    Args:
        grid: nDCG@10, shape ``(cases, shares, lexical)``.
    """
    names = np.unique(groups)
    mean = np.mean([grid[groups == name].mean(axis=0) for name in names], axis=0)
    best = np.unravel_index(int(np.argmax(mean)), mean.shape)
    deficit = grid[:, best[0], best[1]][:, None, None] - grid
    variances = [deficit[groups == name].var(axis=0) / (groups == name).sum() for name in names]
    error = np.sqrt(np.sum(variances, axis=0)) / len(names)
    equivalent = mean >= mean[best] - error
    distance = np.where(equivalent, np.abs(np.array(SHARES) - 0.5)[:, None], np.inf)
    nearest = np.isclose(distance, distance.min())
    share, lexical = np.unravel_index(int(np.argmax(np.where(nearest, mean, -np.inf))), mean.shape)
    return int(share), int(lexical)


def _by_group(groups: npt.NDArray[np.str_]) -> Callable[[Floats], dict[str, float]]:
    return lambda values: {
        str(group): round(float(values[groups == group].mean()), 4) for group in np.unique(groups)
    }
