"""Measures of a cross-encoder on held-out documents: ranking candidates, rejecting unanswerable questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.datasets.held_out import Split
from eval.lab.reranker_training.candidate_pools import Pool
from eval.metrics.calibration import auroc
from eval.metrics.ranking import MAIN_MEASURE, mean, ranking_values
from service.reranking.cross_encoder import CrossEncoder

#: Passages of a pool that are scored, and those of them that decide if a question is answerable.
SCORED, DECISIVE = 10, 3
#: Weights of the cross-encoder beside the retrieval score.
WEIGHTS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
#: Log-odds are clipped to this range.
_MAX_LOG_ODDS = 6.0
_FALSE_ABSTENTION = 0.10
_CUTOFF = 10


@dataclass(frozen=True, slots=True)
class ScoredPool:
    """A pool. ``relevance``: the log-odds of the cross-encoder for its first passages."""

    pool: Pool
    relevance: tuple[float, ...]


def score_pools(pools: Sequence[Pool], cross_encoder: CrossEncoder) -> list[ScoredPool]:
    """The first passages of each pool with the scores of a cross-encoder."""
    questions = [pool.question for pool in pools for _ in pool.found[:SCORED]]
    texts = [passage.text for pool in pools for passage in pool.found[:SCORED]]
    scores = iter(cross_encoder.score(questions, texts, [[(0, len(text))] for text in texts]))
    return [ScoredPool(pool, tuple(next(scores).relevance for _ in pool.found[:SCORED])) for pool in pools]


def ndcg(scored: Sequence[ScoredPool], weight: float) -> dict[str, float]:
    """nDCG@10 by language, the log-odds added to the retrieval score with a weight; grades are 0 or 1."""
    answerable = [item for item in scored if item.pool.relevant]
    qrels = {item.pool.query_id: dict.fromkeys(item.pool.relevant, 1) for item in answerable}
    values = ranking_values(qrels, {item.pool.query_id: _ranked(item, weight) for item in answerable})
    of_language: dict[str, dict[str, float]] = {}
    for item in answerable:
        query_id = item.pool.query_id
        of_language.setdefault(item.pool.language, {})[query_id] = values[MAIN_MEASURE][query_id]
    return {language: mean(found) for language, found in sorted(of_language.items())}


def _ranked(item: ScoredPool, weight: float) -> list[tuple[str, float]]:
    """The first documents of a pool with their scores, best first."""
    passages, scored = item.pool.found, len(item.relevance)
    scores = [passage.score for passage in passages]
    for position, log_odds in enumerate(item.relevance):
        scores[position] += weight * float(np.clip(log_odds, -_MAX_LOG_ODDS, _MAX_LOG_ODDS))
    # Passages that were not scored stay below those that were.
    lowest = min(scores[:scored], default=0.0)
    scores[scored:] = [min(score, lowest) for score in scores[scored:]]
    best: dict[str, float] = {}
    for position in sorted(range(len(scores)), key=lambda position: -scores[position]):
        best.setdefault(passages[position].document_id, scores[position])
    return list(best.items())[:_CUTOFF]


def rejection(scored: Sequence[ScoredPool], language: str = "en") -> dict[str, float]:
    """Separation of answerable from unanswerable questions by the highest score of the first passages.

    ``auroc``, and ``refused``: share of the unanswerable that are refused if one in ten of the answerable is.
    Empty if one of the two kinds is missing.
    """
    chosen = [item for item in scored if item.pool.language == language and item.relevance]
    highest = np.array([max(item.relevance[:DECISIVE]) for item in chosen], np.float64)
    answerable = np.array([not item.pool.unanswerable for item in chosen], np.bool_)
    area = auroc(highest, answerable) if chosen else None
    if area is None:
        return {}
    threshold = np.quantile(highest[answerable], _FALSE_ABSTENTION)
    return {
        "auroc": area,
        "refused": float((highest[~answerable] < threshold).mean()),
        "answerable": int(answerable.sum()),
        "unanswerable": int((~answerable).sum()),
    }


def evaluate(
    pools: Mapping[str, Sequence[Pool]], split: Split, cross_encoder: CrossEncoder
) -> dict[str, object]:
    """All measures of a cross-encoder, by set, on the held-out questions."""
    results: dict[str, object] = {}
    for name, of_set in pools.items():
        held_out = [pool for pool in of_set if split.holds_out_question(name, pool.question, pool.about)]
        scored = score_pools(held_out, cross_encoder)
        results[name] = {
            "questions": len(scored),
            "ndcg@10": {str(weight): ndcg(scored, weight) for weight in WEIGHTS},
            "answerhood": rejection(scored),
        }
    return results
