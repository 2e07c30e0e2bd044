"""Embedding: texts to vectors."""

__all__ = [
    "default_model",
    "embedder",
    "language_alignment",
    "model_files",
    "precision",
    "sentence_transformer",
    "vector_cache",
]
