"""Concepts of the domain that words of three languages share, found by the beginnings of words.

A question and the sentence that answers it often share a concept and no word: "Who chaired …" and "… leitete
die Sitzung", "sáp nhập" and "Fusion". ``glossary.tsv`` has one concept a line: its name, then beginnings of
words in German, English and Vietnamese.
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
    """The names of the concepts in a text."""
    text = " ".join(unicodedata.normalize("NFC", text).lower().split()) + " "
    found = _look_up(text, _concepts_by_beginning(language))
    if language == "vi" and fold(text) == text:
        # Typed without diacritics: compared without them.
        found |= _look_up(text, _concepts_by_beginning(language, folded=True))
    return found


def _look_up(text: str, concepts: dict[str, frozenset[str]]) -> frozenset[str]:
    longest = max(map(len, concepts))
    starts = [match.start() for match in _WORD.finditer(text)]
    beginnings = (text[start : start + length] for start in starts for length in range(1, longest + 1))
    return frozenset().union(*(concepts[beginning] for beginning in beginnings if beginning in concepts))


@cache
def _concepts_by_beginning(language: Language, folded: bool = False) -> dict[str, frozenset[str]]:
    column = 1 + _COLUMNS.index(language)
    concepts: dict[str, frozenset[str]] = {}
    for row in resources.rows("glossary.tsv"):
        for words in row[column].split(","):
            beginning = fold(words) if folded else words
            concepts[beginning] = concepts.get(beginning, frozenset()) | {row[0]}
    return concepts
