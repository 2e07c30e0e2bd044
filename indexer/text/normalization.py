"""Lists of words, written as prose."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Lower case without diacritics, ``đ`` as ``d``; as long as the text, code point by code point."""
    return text.translate(_FOLDED)


class _Folding(dict[int, str]):
    """By code point, each worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        base = "d" if character in "đĐ" else unicodedata.normalize("NFD", character)[0].lower()
        self[code] = base if len(base) == 1 else character
        return self[code]


_FOLDED = _Folding()


def word_list(text: str) -> frozenset[str]:
    """The words of a list written as prose."""
    return frozenset(text.split())
