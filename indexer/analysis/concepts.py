"""What words of three languages have in common: concepts of the reports' own world, by how words begin.

"Who chaired …" and "… leitete die Sitzung", "eingerichtet" and "Einrichtung", "sáp nhập" and "Fusion": a
question and the sentence that answers it often share such a concept and no word. ``glossary.tsv`` lists them,
one a line: name, then the beginnings of words in German, English and Vietnamese.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from indexer import resources
from indexer.text.languages import Language
from indexer.text.normalization import fold

_COLUMNS: tuple[Language, ...] = ("de", "en", "vi")
_WORD = re.compile(r"[^\W_]+|%")


def find_concepts(text: str, language: Language) -> frozenset[str]:
    """Names of the concepts that a text in a language speaks of."""
    text = " ".join(unicodedata.normalize("NFC", text).lower().split()) + " "
    known = _beginnings(language)
    found = _looked_up(text, known)
    if language == "vi" and fold(text) == text:
        # Typed without marks: compared without them.
        found |= _looked_up(text, _beginnings(language, plain=True))
    return found


def _looked_up(text: str, known: dict[str, frozenset[str]]) -> frozenset[str]:
    longest = max(map(len, known))
    starts = [match.start() for match in _WORD.finditer(text)]
    beginnings = (text[start : start + length] for start in starts for length in range(1, longest + 1))
    return frozenset().union(*(known[beginning] for beginning in beginnings if beginning in known))


@cache
def _beginnings(language: Language, plain: bool = False) -> dict[str, frozenset[str]]:
    """Beginning of a word → names of its concepts."""
    column = 1 + _COLUMNS.index(language)
    known: dict[str, frozenset[str]] = {}
    for row in resources.rows("glossary.tsv"):
        for words in row[column].split(","):
            beginning = fold(words) if plain else words
            known[beginning] = known.get(beginning, frozenset()) | {row[0]}
    return known
