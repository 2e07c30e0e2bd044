"""What a reader is worth on documents that training never saw: refusing look-alikes, ranking candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.datasets.held_out import Split
from eval.lab.reranker_training.candidate_pools import Pool
from service.reranking.cross_encoder import CrossEncoder

#: Hits that are read, and of those so many that are asked whether any of them answers.
READ, ASKED = 10, 3
#: Weights of the reader beside retrieval's own score that are tried.
WEIGHTS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
#: Log-odds further out say nothing more.
_SURE = 6.0
_FALSE_ABSTENTION = 0.10


@dataclass(frozen=True, slots=True)
class Read:
    """A pool with the reader's log-odds of its first hits, and the gain of the best place in each."""

    pool: Pool
    relevance: tuple[float, ...]
    gain: tuple[float, ...]


def read(pools: Sequence[Pool], cross_encoder: CrossEncoder) -> list[Read]:
    """Let the reader read the first hits of each pool."""
    questions = [pool.question for pool in pools for _ in pool.found[:READ]]
    texts = [hit.text for pool in pools for hit in pool.found[:READ]]
    readings = iter(cross_encoder.score(questions, texts, [[(0, len(text))] for text in texts]))
    found = []
    for pool in pools:
        mine = [next(readings) for _ in pool.found[:READ]]
        found.append(
            Read(pool, tuple(r.relevance for r in mine), tuple(max(r.span_scores, default=0.0) for r in mine))
        )
    return found


def ndcg(reads: Sequence[Read], weight: float) -> dict[str, float]:
    """nDCG@10 by language with the reader's part in the score; grades are 0 or 1."""
    by_language: dict[str, list[float]] = {}
    for item in reads:
        if not item.pool.relevant:
            continue
        scores = [hit.score for hit in item.pool.found]
        for place, said in enumerate(item.relevance):
            scores[place] += weight * float(np.clip(said, -_SURE, _SURE))
        # What was not read keeps its place below what was.
        lowest = min(scores[: len(item.relevance)], default=0.0)
        scores[len(item.relevance) :] = [min(s, lowest) for s in scores[len(item.relevance) :]]
        order = sorted(range(len(scores)), key=lambda i: -scores[i])
        ranked = list(dict.fromkeys(item.pool.found[i].document_id for i in order))[:10]
        gained = sum(1 / np.log2(2 + place) for place, i in enumerate(ranked) if i in item.pool.relevant)
        ideal = sum(1 / np.log2(2 + place) for place in range(min(10, len(item.pool.relevant))))
        by_language.setdefault(item.pool.language, []).append(float(gained / ideal))
    return {language: float(np.mean(values)) for language, values in sorted(by_language.items())}


def answerhood(reads: Sequence[Read], language: str = "en") -> dict[str, float]:
    """How well the reader's word on the first hits tells answerable from unanswerable questions.

    ``auroc``, and ``refused``: share of the unanswerable where one in ten of the answerable is refused.
    """
    said = {
        unanswerable: np.array(
            [
                max(item.relevance[:ASKED])
                for item in reads
                if item.pool.unanswerable == unanswerable
                and item.pool.language == language
                and item.relevance
            ]
        )
        for unanswerable in (False, True)
    }
    answerable, others = said[False], said[True]
    if not len(answerable) or not len(others):
        return {}
    higher = (answerable[:, None] > others[None, :]).mean() + 0.5 * (
        answerable[:, None] == others[None, :]
    ).mean()
    threshold = np.quantile(answerable, _FALSE_ABSTENTION)
    return {
        "auroc": float(higher),
        "refused": float((others < threshold).mean()),
        "answerable": len(answerable),
        "unanswerable": len(others),
    }


def figures(
    pools: Mapping[str, Sequence[Pool]], split: Split, cross_encoder: CrossEncoder
) -> dict[str, object]:
    """All figures of a reader, by set, on what was held out."""
    found: dict[str, object] = {}
    for name, of_set in pools.items():
        reads = read(
            [pool for pool in of_set if split.holds_out_question(name, pool.question, pool.about)],
            cross_encoder,
        )
        found[name] = {
            "questions": len(reads),
            "ndcg@10": {str(weight): ndcg(reads, weight) for weight in WEIGHTS},
            "answerhood": answerhood(reads),
        }
    return found
