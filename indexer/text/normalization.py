"""Text normalization: folding of case and diacritics, and word lists."""

from __future__ import annotations

import unicodedata


class _FoldTable(dict[int, str]):
    """Folded characters by code point, each computed on first use."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        base = "d" if character in "đĐ" else unicodedata.normalize("NFD", character)[0].lower()
        self[code] = base if len(base) == 1 else character
        return self[code]


_FOLD_TABLE = _FoldTable()


def fold(text: str) -> str:
    """Text in lower case without diacritics, ``đ`` as ``d``; every code point keeps its position.

    Combining marks of decomposed text stay: normalize to NFC before folding where they must go.
    """
    return text.translate(_FOLD_TABLE)


def word_list(text: str) -> frozenset[str]:
    """The words of a text, separated by white space."""
    return frozenset(text.split())
