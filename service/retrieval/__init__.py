"""First-stage retrieval: from a question to ranked passages."""

__all__ = [
    "corpus_lookup",
    "encoded_query",
    "filters",
    "fusion_weights",
    "hits",
    "multilingual_vectors",
    "retriever",
    "sentences",
]
