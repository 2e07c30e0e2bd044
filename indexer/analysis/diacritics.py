"""Restoration of Vietnamese diacritics: "chuyen doi so" as "chuyển đổi số".

Without its diacritics the vector of a question is far from its meaning. Phrases are looked up in the
Vietnamese resources, the longest first; other words do not change.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

from indexer import resources
from indexer.text.normalization import fold

#: Syllables of the longest phrase that is looked up.
_MAX_SYLLABLES = 5
#: A single syllable has many readings: one is chosen if it is this many times as frequent as the next.
_DOMINANCE = 3
_SYLLABLE = re.compile(r"[^\W\d_]+")


def restore_diacritics(text: str) -> str:
    """A Vietnamese text with diacritics, or the text itself if it has any already.

    The text keeps its length in code points, so offsets into it stay valid.
    """
    composed = unicodedata.normalize("NFC", text)
    if len(composed) != len(text) or fold(text) != text.lower():
        return text
    syllables = list(_SYLLABLE.finditer(text))
    parts: list[str] = []
    end, number = 0, 0
    while number < len(syllables):
        count, phrase = _longest_phrase(text, syllables[number : number + _MAX_SYLLABLES])
        if count:
            parts += [text[end : syllables[number].start()], phrase]
            end = syllables[number + count - 1].end()
        number += count or 1
    return "".join([*parts, text[end:]])


def _longest_phrase(text: str, syllables: Sequence[re.Match[str]]) -> tuple[int, str]:
    """The number of syllables in the longest known phrase they begin with, and that phrase; 0 without one."""
    for count in range(len(syllables), 0, -1):
        typed = text[syllables[0].start() : syllables[count - 1].end()]
        phrase = _phrases().get(typed.lower())
        if phrase is not None:
            return count, _with_case_of(typed, phrase)
    return 0, ""


def _with_case_of(typed: str, phrase: str) -> str:
    return "".join(a.upper() if b.isupper() else a for a, b in zip(phrase, typed, strict=True))


@cache
def _phrases() -> dict[str, str]:
    """Phrases of the resources by their folded form; of several readings the most frequent."""
    readings: dict[str, Counter[str]] = {}
    for text in _texts():
        syllables = _SYLLABLE.findall(text.lower())
        for count in range(1, _MAX_SYLLABLES + 1):
            for start in range(len(syllables) - count + 1):
                phrase = " ".join(syllables[start : start + count])
                readings.setdefault(fold(phrase), Counter())[phrase] += 1
    phrases = {}
    for folded, counts in readings.items():
        (best, count), *others = counts.most_common(2)
        if " " in folded or not others or count >= _DOMINANCE * others[0][1]:
            phrases[folded] = best
    return phrases


def _texts() -> list[str]:
    """The Vietnamese texts of the resources, composed."""
    parallel = (row[2] for row in resources.rows("parallel.tsv"))
    glossary = (words.strip() for row in resources.rows("glossary.tsv") for words in row[3].split(","))
    exemplars = (row[1] for row in resources.rows("exemplars.tsv"))
    texts = itertools.chain(resources.lines("vietnamese.txt"), parallel, glossary, exemplars)
    return [unicodedata.normalize("NFC", text) for text in texts]
