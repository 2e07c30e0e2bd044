"""Basics of text that need no language model: folding, spans, sentence boundaries, month names."""

__all__ = ["languages", "months", "normalization", "sentence_splitter", "spans"]
