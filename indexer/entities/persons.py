"""Persons that a question names: Vietnamese names, told by the family name they begin with."""

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
#: A Vietnamese syllable without its marks; other words ("Do Party members …") are no part of such a name.
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gi|gh|kh|ph|qu|th|tr|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ch|nh|ng|[cmnpt])?"
)
_LONGEST = 4
#: Without its marks the party (Đảng) is spelled like the family name Đặng.
_PARTY = re.compile(r"Dang (?:cong san|uy|bo|vien)\b", re.IGNORECASE)


@lru_cache(4096)
def find_persons(text: str) -> tuple[str, ...]:
    """Names of two to four capitalised syllables of which the first is a family name, in reading order."""
    text = unicodedata.normalize("NFC", text)
    words = list(_WORD.finditer(text))
    found: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and end - at < _LONGEST and _goes_on(text, words, at, end):
            end += 1
        # "Bồ Đào Nha": the last syllables of a longer name are no family name and what follows it.
        inside = at > 0 and _goes_on(text, words, at - 1, at) and _goes_on(text, words, at - 1, at - 1)
        if (
            end - at >= 2
            and not inside
            and _is_family_name(words[at][0])
            and not _PARTY.match(text, words[at].start())
        ):
            found.append(text[words[at].start() : words[end - 1].end()])
            at = end
        else:
            at += 1
    return tuple(dict.fromkeys(found))


def _goes_on(text: str, words: list[re.Match[str]], first: int, number: int) -> bool:
    word = words[number]
    adjoins = number == first or text[words[number - 1].end() : word.start()] == " "
    return adjoins and word[0][0].isupper() and _SYLLABLE.fullmatch(fold(word[0])) is not None


def _is_family_name(word: str) -> bool:
    # Written with its marks a word must have those of the name: "Đặng" is one, "Đảng" (party) is none.
    return word.lower() in (_FAMILY_NAMES if fold(word) != word.lower() else _FOLDED_FAMILY_NAMES)
