"""TODO docstring."""

from __future__ import annotations

STORE = "documents.sqlite"
PASSAGE_VECTORS = "passages.faiss"
SENTENCE_VECTORS = "sentences.faiss"
LEXICAL = "lexical"
ALIGNMENT = "alignment.npy"
ASPECTS = "aspects.npy"
SCOPE = "scope.npy"
