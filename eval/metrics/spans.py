"""Places in texts: where a quotation stands, and whether two places share words."""

from __future__ import annotations

import re

from eval.systems.protocol import Place


def places_of(quote: str, document_id: str, text: str) -> tuple[Place, ...]:
    """Every place where ``quote`` stands in ``text``, white space folded on both sides."""
    words = quote.split()
    if not words:
        return ()
    pattern = r"\s+".join(map(re.escape, words))
    return tuple(Place(document_id, *match.span()) for match in re.finditer(pattern, text))


def overlap(a: Place, b: Place) -> bool:
    """Whether two places share at least one character."""
    return a.document_id == b.document_id and a.start < b.end and b.start < a.end


def folded(text: str) -> str:
    """Text for comparison: case folded, each run of white space one blank."""
    return " ".join(text.casefold().split())
