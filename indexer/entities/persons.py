"""Vietnamese personal names, recognised by the family name they begin with."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from indexer.text.normalization import fold, word_list

#: Family names of most Vietnamese.
COMMON_FAMILY_NAMES = word_list(
    """
    nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý tô đinh lương mai trịnh đào
    """
)
#: Without Đoàn, which is also the first word of the names of many organisations.
_FAMILY_NAMES = COMMON_FAMILY_NAMES | word_list(
    "trương lưu hà lâm phùng tạ kiều chu cao thái quách vương tống tăng tôn thạch hầu thào giàng"
)
_FOLDED_FAMILY_NAMES = frozenset(fold(name) for name in _FAMILY_NAMES)
_WORD = re.compile(r"[^\W\d_]+")
#: A folded Vietnamese syllable. Other words ("Do Party members …") are no part of such a name.
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gi|gh|kh|ph|qu|th|tr|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ch|nh|ng|[cmnpt])?"
)
_MAX_SYLLABLES = 4
#: Without diacritics the party (Đảng) is spelled like the family name Đặng.
_PARTY = re.compile(r"Dang (?:cong san|uy|bo|vien)\b", re.IGNORECASE)


@lru_cache(4096)
def find_persons(text: str) -> tuple[str, ...]:
    """The personal names in a text, composed, each once, in reading order.

    A name is two to four capitalised syllables of which the first is a family name.
    """
    text = unicodedata.normalize("NFC", text)
    words = list(_WORD.finditer(text))
    found: list[str] = []
    first = 0
    while first < len(words):
        end = _name_end(text, words, first)
        if end - first >= 2 and _starts_name(text, words, first):
            found.append(text[words[first].start() : words[end - 1].end()])
            first = end
        else:
            first += 1
    return tuple(dict.fromkeys(found))


def _name_end(text: str, words: list[re.Match[str]], first: int) -> int:
    """The number of the word after the longest possible name that begins with word ``first``."""
    end = first
    while end < len(words) and end - first < _MAX_SYLLABLES and _continues(text, words, first, end):
        end += 1
    return end


def _starts_name(text: str, words: list[re.Match[str]], first: int) -> bool:
    # "Bồ Đào Nha": the last syllables of a longer name do not begin another one.
    inside = (
        first > 0
        and _continues(text, words, first - 1, first)
        and _continues(text, words, first - 1, first - 1)
    )
    return not inside and _is_family_name(words[first][0]) and not _PARTY.match(text, words[first].start())


def _continues(text: str, words: list[re.Match[str]], first: int, number: int) -> bool:
    """True if word ``number`` can be part of a name that begins with word ``first``."""
    word = words[number]
    adjoins = number == first or text[words[number - 1].end() : word.start()] == " "
    return adjoins and word[0][0].isupper() and _SYLLABLE.fullmatch(fold(word[0])) is not None


def _is_family_name(word: str) -> bool:
    # A word with diacritics must have those of the name: "Đặng" is a name, "Đảng" (party) is not.
    return word.lower() in (_FAMILY_NAMES if fold(word) != word.lower() else _FOLDED_FAMILY_NAMES)
