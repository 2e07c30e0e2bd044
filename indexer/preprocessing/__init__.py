"""Preprocessing of raw documents: canonical text, metadata, sentences and passages."""

__all__ = ["chunking", "metadata"]
