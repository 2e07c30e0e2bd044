"""Fitting what similarity of the passage, of its best sentence, and shared words weigh against each other.

Two sets of weights, for passages in the question's own language and in another. Each is a point of a small
grid that ranks the development sets as well as the best one, as far as so many questions can tell.
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
from eval.runs.runner import Track
from eval.systems.local import Candidate, LocalSystem

Floats = npt.NDArray[np.float64]

#: The two cosines together weigh the same everywhere, so that neither side of a corpus in several languages
#: has a head start; what is fitted is the sentence's share of it, and the lexical weight.
COSINES = 2.3
SHARES = tuple(round(0.30 + 0.05 * step, 2) for step in range(14))
LEXICAL = tuple(round(0.05 * step, 2) for step in range(13))
FOLDS = 5
#: Groups of fewer questions are left out: each counts as much as one of hundreds.
FEWEST = 30
_CUTOFF = 10
_DEPTH = 300


@dataclass(frozen=True, slots=True)
class Case:
    """One question and the passages found on it: cosines, lexical score, document, and what is relevant.

    ``parts``: shape ``(3, n)``, passage, sentence and lexical score; ``documents``: number of each passage's
    document within the case, shape ``(n,)``; ``gains``: grade by that number.
    """

    group: str
    fold: int
    parts: Floats
    documents: npt.NDArray[np.int64]
    gains: Floats
    ideal: float

    def ndcg(self, weights: Floats) -> float:
        """nDCG@10 (Järvelin & Kekäläinen 2002) of the documents, each where its best passage stands."""
        if not len(self.documents):
            return 0.0
        best = np.full(len(self.gains), -np.inf)
        np.maximum.at(best, self.documents, weights @ self.parts)
        first = np.argsort(-best, kind="stable")[:_CUTOFF]
        gains = self.gains[first]
        return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum() / self.ideal)


def collect(dataset: BeirSet, system: LocalSystem, track: Track[Query]) -> dict[bool, list[Case]]:
    """A case for every judged question, by whether it is in the language of the relevant documents."""
    cases: dict[bool, list[Case]] = {True: [], False: []}
    for query in track(dataset.judged, f"{dataset.name}: searching"):
        found = system.candidates(query.text, _DEPTH)
        grades = dataset.qrels[query.query_id]
        same = [hit.same_language for hit in found if grades.get(hit.document_id, 0) > 0]
        if not same:
            # Where nothing relevant is among the candidates, no weights change anything.
            continue
        cases[all(same)].append(_case(query, dataset.name, found, grades))
    return cases


def _case(query: Query, name: str, found: Sequence[Candidate], grades: Mapping[str, int]) -> Case:
    numbers: dict[str, int] = {}
    documents = [numbers.setdefault(hit.document_id, len(numbers)) for hit in found]
    parts = np.array([[hit.passage, hit.sentence, hit.lexical] for hit in found], np.float64).T
    ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:_CUTOFF]
    return Case(
        group=f"{name} {query.language}",
        # Translations of one question stay together.
        fold=zlib.crc32(query.parallel.encode()) % FOLDS,
        parts=parts,
        documents=np.array(documents, np.int64),
        gains=np.array([float(max(0, grades.get(document, 0))) for document in numbers]),
        ideal=sum(grade / np.log2(rank) for rank, grade in enumerate(ideal, start=2)),
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """The chosen weights, and nDCG@10 by group: in use before, chosen on all folds, and held out.

    Held out: each fold ranked by the weights that the other folds choose.
    """

    passage: float
    sentence: float
    lexical: float
    before: dict[str, float]
    chosen: dict[str, float]
    held_out: dict[str, float]


def fit(cases: Sequence[Case], in_use: tuple[float, float, float]) -> Fit:
    """Choose weights on ``cases``; groups count alike, however many questions each has.

    Groups are a set's questions in one language; those of fewer than ``FEWEST`` are left out, unless all are.
    """
    sizes = Counter(case.group for case in cases)
    cases = [case for case in cases if sizes[case.group] >= FEWEST] or cases
    grid = np.array([[_scores(case, share) for share in SHARES] for case in cases])
    groups, folds = np.array([case.group for case in cases]), np.array([case.fold for case in cases])
    chosen = _choose(grid, groups)
    held_out = np.zeros(len(cases))
    for fold in range(FOLDS):
        rest, mine = folds != fold, folds == fold
        if rest.any() and mine.any():
            share, lexical = _choose(grid[rest], groups[rest])
            held_out[mine] = grid[mine, share, lexical]
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
    """Row and column of the chosen weights; shape of ``grid``: ``(cases, shares, lexical)``.

    Of all points that are not worse than the best by more than the standard error of the difference
    (Breiman et al. 1984), the one whose cosines weigh most alike, and of these the best.
    """
    names = np.unique(groups)
    mean = np.mean([grid[groups == name].mean(axis=0) for name in names], axis=0)
    best = np.unravel_index(int(np.argmax(mean)), mean.shape)
    behind = grid[:, best[0], best[1]][:, None, None] - grid
    variances = [behind[groups == name].var(axis=0) / (groups == name).sum() for name in names]
    error = np.sqrt(np.sum(variances, axis=0)) / len(names)
    alike = mean >= mean[best] - error
    distance = np.where(alike, np.abs(np.array(SHARES) - 0.5)[:, None], np.inf)
    nearest = np.isclose(distance, distance.min())
    share, lexical = np.unravel_index(int(np.argmax(np.where(nearest, mean, -np.inf))), mean.shape)
    return int(share), int(lexical)


def _by_group(groups: npt.NDArray[np.str_]) -> Callable[[Floats], dict[str, float]]:
    return lambda values: {
        str(group): round(float(values[groups == group].mean()), 4) for group in np.unique(groups)
    }
