"""Figures that contradict each other: parts that do not add up, statements that differ on one thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from indexer.language import Language
from indexer.topics import stems

_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "null zero không", "eine ein einen einem einer one một", "zwei two hai", "drei three ba", "vier four bốn",
            "fünf five", "sechs six sáu", "sieben seven bảy", "acht eight tám", "neun nine chín", "zehn ten mười",
            "elf eleven", "zwölf twelve",
        )
    )
    for word in words.split()
    if number > 1
}  # fmt: skip
_FIGURE = re.compile(
    rf"(?<![\w.,/-])(?:\d{{1,3}}(?:[.,\u00a0 ]\d{{3}})+|\d+(?:[.,]\d+)?|(?:{'|'.join(_WORDS)})\b)(?![\w/])", re.IGNORECASE
)
#: What follows are the parts of the total before it.
_PARTS = re.compile(r"\b(?:davon|darin enthalten|und zwar|of (?:which|these|them)|namely|trong đó)\b|, gồm\b", re.IGNORECASE)
#: Parts end with their sentence; beyond a full clause nothing adds up any more.
_END = re.compile(r"[;!?]|\.\s")
#: What makes a figure no count of things: what follows it, what stands before it.
_NO_COUNT = re.compile(
    r"\s*(?:%|prozent|percent|per cent|phần trăm)|\.\s*(?:januar|februar|märz|april|mai|juni|juli|august|september"
    r"|oktober|november|dezember|\d)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b(?:nr\.?|no\.?|số|art\.?|§)\s*\Z", re.IGNORECASE)
_YEARS = range(1900, 2101)
#: How far a list may fall short of its total and still be a slip, not a choice of parts.
_SLIP = 0.1
#: Share of the words around two figures that must agree for them to be of one thing.
_ONE_THING = 0.6


@dataclass(frozen=True, slots=True)
class Figure:
    """A count in a text: its value, where it stands, and how it is written."""

    value: float
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class WrongSum:
    """Parts that do not add up to the total a sentence gives."""

    total: Figure
    parts: tuple[Figure, ...]

    @property
    def sum(self) -> float:
        return sum(part.value for part in self.parts)


def figures(text: str) -> list[Figure]:
    """Counts in a text, in digits or in words; years, dates, percentages and numbers of acts are none."""
    found = []
    for match in _FIGURE.finditer(text):
        value = _value(match[0])
        year = match[0].isdigit() and value in _YEARS
        numbered = _NUMBERED.search(text, max(0, match.start() - 8), match.start())
        if not (year or numbered or _NO_COUNT.match(text, match.end())):
            found.append(Figure(value, match.start(), match.end(), match[0]))
    return found


def wrong_sum(sentence: str) -> WrongSum | None:
    """The first total of a sentence whose parts, listed after it, do not add up to it."""
    counts = figures(sentence)
    for marker in _PARTS.finditer(sentence):
        before = [count for count in counts if count.end <= marker.start()]
        end = _END.search(sentence, marker.end())
        stop = end.start() if end else len(sentence)
        parts = [count for count in counts if marker.end() <= count.start < stop]
        if not before or len(parts) < 2 or _END.search(sentence[before[-1].end : marker.start()].rstrip("; ")):
            continue
        wrong = WrongSum(before[-1], tuple(parts))
        if wrong.sum > wrong.total.value or 0 < wrong.total.value - wrong.sum <= _SLIP * wrong.total.value:
            return wrong
    return None


def differing(texts: Sequence[str], languages: Sequence[Language]) -> list[tuple[int, Figure, int, Figure]]:
    """Pairs of statements that give different figures for one thing: ``(row, figure, row, figure)``.

    For one thing: the words around the figures mostly agree, and each holds one figure only the other has not.
    """
    counts = [figures(text) for text in texts]
    words = [stems(text, language) for text, language in zip(texts, languages, strict=True)]
    found = []
    for a, b in combinations(range(len(texts)), 2):
        mine = [c for c in counts[a] if c.value not in {x.value for x in counts[b]}]
        other = [c for c in counts[b] if c.value not in {x.value for x in counts[a]}]
        union = words[a] | words[b]
        alike = len(words[a] & words[b]) / len(union) if union else 0.0
        if len(mine) == len(other) == 1 and alike >= _ONE_THING:
            found.append((a, mine[0], b, other[0]))
    return found


def _value(text: str) -> float:
    if not text[0].isdigit():
        return float(_WORDS[text.lower()])
    if re.fullmatch(r"\d{1,3}(?:[.,\u00a0 ]\d{3})+", text):
        return float(re.sub(r"\D", "", text))
    return float(text.replace(",", "."))
