"""References, which are mentions of numbered acts: "Resolution Nr. 57-NQ/TW", "Nghị quyết số 57".

An act has one canonical key, whatever language and spelling names it. A key has kind, number, letter, and
what distinguishes one numbering from another: `NQ-57`, `NQ-57A`, `NQ-57/2024` (acts numbered by year),
`CT-2003/109` (year first, European Union), `NQ-57/CP` (a body of the state).
"""

from __future__ import annotations

from dataclasses import dataclass

from indexer.entities import reference_grammar as grammar
from indexer.entities.folded_text import fold_text
from indexer.entities.reference_parser import parse_mention


@dataclass(frozen=True, slots=True)
class Reference:
    """One mention of an act, with its span in Unicode code points: ``text`` is what stands there."""

    key: str
    start: int
    end: int
    text: str


def find_references(text: str) -> list[Reference]:
    """The references in a text in reading order, without overlap; in linear time.

    Each item of an enumeration is a reference; from the second on its span is the number with its sign.
    Ranges ("57–59") are not expanded.
    """
    if not grammar.DIGIT.search(text):  # most sentences: not worth folding
        return []
    page = fold_text(text)
    found: list[Reference] = []
    position = 0
    while lead := grammar.LEAD.search(page.folded, position):
        position = lead.end()
        for key, start, end in parse_mention(page, lead):
            first, last = page.original_span(start, end)
            found.append(Reference(key, first, last, text[first:last]))
            position = end
    return found


def display_name(key: str, language: str) -> str:
    """The name of an act in `de`, `en` or `vi` (any other: English); `find_references` reads it as `key`.

    Raises:
        ValueError: `key` is not a canonical key.
    """
    parsed = grammar.KEY.fullmatch(key)
    kind = grammar.KIND_BY_CODE.get(parsed["kind"]) if parsed else None
    if parsed is None or kind is None:
        raise ValueError(f"not a reference key: {key!r}")
    number, body = parsed["number"] + (parsed["letter"] or "").lower(), parsed["tail"] or ""
    if body and not body.isdecimal():
        number += f"/{kind.sign}-{'TTg' if body == 'TTG' else body.replace('HDND', 'HĐND')}"
    elif body:
        number += f"/{body}"
    if language == "de":
        return f"{kind.de} Nr. {number}"
    return f"{kind.vi} số {number}" if language == "vi" else f"{kind.en} No. {number}"
