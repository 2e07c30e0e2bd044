"""Reranking of the first hits by a cross-encoder."""

__all__ = [
    "bundled",
    "cross_encoder",
    "loading",
    "network",
    "pair_encoding",
    "rerank_settings",
    "reranker",
]
