"""Look-up of the known keys nearest to one that no document names."""

from __future__ import annotations

import difflib
import heapq
import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from indexer.entities.reference_grammar import KEY

#: By hand: digits that differ between near keys, each of another kind or suffix counting as one more.
_MAX_DISTANCE = 2
#: More than the grammar reads; a longer number is near to none but itself.
_MAX_DIGITS = 9


class KeyIndex:
    """The known keys near to another one, found in a few look-ups, however many are known.

    Numbers are stored with up to two digits left out: two of which at most two digits differ are then equal.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._keys: dict[str, list[re.Match[str]]] = {}
        self._numbers: dict[tuple[str, int], list[str]] = {}
        for key in sorted(set(known)):
            if match := KEY.fullmatch(key):
                self._keys.setdefault(match["number"], []).append(match)
        for number in self._keys:
            for shortened in _shortened(number):
                self._numbers.setdefault((shortened, len(number)), []).append(number)

    def nearest(self, key: str, limit: int = 3) -> list[str]:
        """The known keys that ``key`` may have been meant to be, nearest first.

        A near key has another kind, one wrong, missing or extra digit, two swapped digits, or another suffix
        or year.
        """
        asked = KEY.fullmatch(key)
        ranked = self._near(asked) if asked else ()
        return [candidate for *_, candidate in heapq.nsmallest(limit, ranked)]

    def _near(self, asked: re.Match[str]) -> Iterator[tuple[int, bool, int, str]]:
        """Distance, whether the kind differs, and difference of the numbers of each near key."""
        a = asked["number"]
        for b in self._similar_numbers(a):
            blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
            shared = sum(block.size for block in blocks)
            digits = len(a) + len(b) - 2 * shared
            if not shared or digits > _MAX_DISTANCE:
                continue
            for other in self._keys[b]:
                wrong_kind = asked["kind"] != other["kind"]
                distance = digits + wrong_kind + (asked["rest"] != other["rest"])
                if distance <= _MAX_DISTANCE and other[0] != asked[0]:
                    yield distance, wrong_kind, abs(int(a) - int(b)), other[0]

    def _similar_numbers(self, number: str) -> set[str]:
        """The known numbers of which two digits differ at most, here and there together."""
        return {
            similar
            for shortened in _shortened(number)
            for further in range(_MAX_DISTANCE - (len(number) - len(shortened)) + 1)
            for similar in self._numbers.get((shortened, len(shortened) + further), ())
        }


def _shortened(number: str) -> set[str]:
    """A number with none, one or two of its digits left out, as far as some are left."""
    if len(number) > _MAX_DIGITS:
        return {number}
    return {
        "".join(kept)
        for count in range(max(1, len(number) - _MAX_DISTANCE), len(number) + 1)
        for kept in combinations(number, count)
    }
