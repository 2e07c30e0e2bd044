"""Reranking of the first hits by a cross-encoder."""

__all__ = [
    "bundled",
    "cross_encoder",
    "loading",
    "network",
    "rerank_settings",
    "reranker",
]
