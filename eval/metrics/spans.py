"""Spans of documents: occurrences of a quotation, overlap."""

from __future__ import annotations

import re

from eval.systems.protocol import DocumentSpan


def occurrences(quote: str, document_id: str, text: str) -> tuple[DocumentSpan, ...]:
    """Every span of ``text`` that equals ``quote``, white space folded on both sides."""
    words = quote.split()
    if not words:
        return ()
    pattern = r"\s+".join(map(re.escape, words))
    return tuple(DocumentSpan(document_id, *match.span()) for match in re.finditer(pattern, text))


def overlap(a: DocumentSpan, b: DocumentSpan) -> bool:
    """True if two spans share at least one character."""
    return a.document_id == b.document_id and a.start < b.end and b.start < a.end


def folded(text: str) -> str:
    """The text for comparison: case folded, every run of white space a single blank."""
    return " ".join(text.casefold().split())
