"""The rankings of an ablation: the full one, those by a single kind of score, and reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from service.retrieval.hits import Hit

Ranking = Literal["full", "passage", "sentence", "lexical", "rrf"]
RANKINGS: tuple[Ranking, ...] = get_args(Ranking)
FULL: Ranking = "full"
#: Constant of reciprocal rank fusion: Cormack, Clarke & Büttcher 2009.
_RRF_K = 60

ScoredHits = list[tuple[Hit, float]]


def rank_by(hits: Sequence[Hit], ranking: Ranking) -> ScoredHits:
    """Hits with the score of a ranking, best first; ties by passage number."""
    if ranking == "full":
        return [(hit, hit.score) for hit in hits]
    if ranking == "rrf":
        return _reciprocal_rank_fusion(hits)
    scored = [(hit, float(getattr(hit, f"{ranking}_score"))) for hit in hits]
    if ranking == "lexical":
        # Passages without a term of the question are no result of a lexical search.
        scored = [(hit, score) for hit, score in scored if score > 0]
    return _sorted(scored)


def _reciprocal_rank_fusion(hits: Sequence[Hit]) -> ScoredHits:
    fused = {hit.passage: 0.0 for hit in hits}
    parts: tuple[Ranking, ...] = ("passage", "lexical")
    for part in parts:
        for rank, (hit, _) in enumerate(rank_by(hits, part), start=1):
            fused[hit.passage] += 1.0 / (_RRF_K + rank)
    return _sorted([(hit, fused[hit.passage]) for hit in hits])


def _sorted(scored: ScoredHits) -> ScoredHits:
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].passage))
