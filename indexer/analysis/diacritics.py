"""Vietnamese typed without its marks, read with them: "chuyen doi so" as "chuyển đổi số".

Without marks a question's vector lies nowhere near its meaning. What the words are is looked up in phrases of
our own (``vietnamese.txt`` and the Vietnamese sentences kept for other ends), the longest first; what is not
there stays as it is. The text keeps its length, code point by code point: places in it stay where they are.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from functools import cache

from indexer import resources
from indexer.text.normalization import fold

_LONGEST = 5
_SYLLABLE = re.compile(r"[^\W\d_]+")


def restore_diacritics(text: str) -> str:
    """A Vietnamese text with the marks it was typed without; one that has any is returned as it is."""
    composed = unicodedata.normalize("NFC", text)
    if len(composed) != len(text) or fold(text) != text.lower():
        return text
    known = _phrases()
    words = list(_SYLLABLE.finditer(text))
    pieces, at, number = [], 0, 0
    while number < len(words):
        for count in range(min(_LONGEST, len(words) - number), 0, -1):
            first, last = words[number], words[number + count - 1]
            written = text[first.start() : last.end()]
            found = known.get(written.lower())
            if found is not None:
                pieces += [text[at : first.start()], _cased(found, written)]
                at, number = last.end(), number + count
                break
        else:
            number += 1
    return "".join([*pieces, text[at:]])


def _cased(found: str, written: str) -> str:
    return "".join(a.upper() if b.isupper() else a for a, b in zip(found, written, strict=True))


@cache
def _phrases() -> dict[str, str]:
    """Folded words → the words with their marks, one to five syllables; of several readings the commonest."""
    readings: dict[str, Counter[str]] = {}
    for text in _texts():
        words = _SYLLABLE.findall(text.lower())
        for count in range(1, _LONGEST + 1):
            for start in range(len(words) - count + 1):
                phrase = " ".join(words[start : start + count])
                readings.setdefault(fold(phrase), Counter())[phrase] += 1
    known = {}
    for plain, found in readings.items():
        (best, count), *others = found.most_common(2)
        # One syllable alone has many readings: it is read only where nothing else was ever seen.
        if " " in plain or not others or count >= 3 * others[0][1]:
            known[plain] = best
    return known


def _texts() -> list[str]:
    """Everything in Vietnamese among the resources, composed."""
    parallel = (row[2] for row in resources.rows("parallel.tsv"))
    glossary = (words.strip() for row in resources.rows("glossary.tsv") for words in row[3].split(","))
    exemplars = (row[1] for row in resources.rows("exemplars.tsv"))
    texts = itertools.chain(resources.lines("vietnamese.txt"), parallel, glossary, exemplars)
    return [unicodedata.normalize("NFC", text) for text in texts]
