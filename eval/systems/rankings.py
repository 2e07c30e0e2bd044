"""TODO docstring."""

from __future__ import annotations

from typing import Literal, get_args

from service.retrieval.hits import Hit

Ranking = Literal["full", "passage", "sentence", "lexical", "rrf"]
RANKINGS: tuple[Ranking, ...] = get_args(Ranking)
#: Constant of reciprocal rank fusion: Cormack, Clarke & Büttcher 2009.
_RRF_K = 60


def reranked(hits: list[Hit], ranking: Ranking) -> list[tuple[Hit, float]]:
    """Hits with the score of a ranking, best first; ties by passage number."""
    if ranking == "rrf":
        fused: dict[int, float] = {}
        for part in ("passage", "lexical"):
            for rank, (hit, _) in enumerate(reranked(hits, part), start=1):
                fused[hit.passage] = fused.get(hit.passage, 0.0) + 1.0 / (_RRF_K + rank)
        scored = [(hit, fused[hit.passage]) for hit in hits]
    elif ranking == "full":
        return [(hit, hit.score) for hit in hits]
    else:
        scored = [(hit, float(getattr(hit, f"{ranking}_score"))) for hit in hits]
    if ranking == "lexical":
        # A passage without a word of the question was not found by words.
        scored = [(hit, score) for hit, score in scored if score > 0]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0].passage))
