"""Figures that contradict each other: parts that do not add up, statements that differ on one thing."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from indexer.annotation.reference_topics import stems
from indexer.entities.references import find_references
from indexer.text import months
from indexer.text.languages import Language
from service.query import number_words

_WORDS = {
    word: value
    for words in (number_words.GERMAN, number_words.ENGLISH, number_words.VIETNAMESE)
    for value, word in enumerate(words, start=2)
}
_FIGURE = re.compile(
    rf"(?<![\w.,/-])(?:\d{{1,3}}(?:[.,\u00a0 ]\d{{3}})+|\d+(?:[.,]\d+)?|(?:{'|'.join(_WORDS)})\b)(?![\w/])",
    re.IGNORECASE,
)
#: What a figure is counted in, where it is written after it.
_SCALES = tuple(
    (scale, re.compile(rf"\s*(?:{words})\b", re.IGNORECASE))
    for scale, words in (
        (1e3, "tausend|thousand|nghìn|ngàn"),
        (1e6, r"mio\.?|million(?:en)?|triệu"),
        (1e9, r"mrd\.?|milliarden?|billion|tỷ"),
    )
)
#: What follows are the parts of the total before it.
_PARTS = re.compile(
    r"\b(?:davon(?! (?:un)?abhängig| abgesehen)|darin enthalten|und zwar"
    r"|of (?:which|these|them)|namely|trong đó)\b|, gồm\b",
    re.IGNORECASE,
)
#: Parts end with their sentence; beyond a full clause nothing adds up any more.
_END = re.compile(r"[;!?]|\.\s")
#: What makes a figure no count of things: what follows it, what stands before it.
_NO_COUNT = re.compile(
    r"\s*(?:%|prozent|percent|per cent|phần trăm)"
    rf"|\.\s*(?:{'|'.join(months.GERMAN)}|\d)|\s(?:{'|'.join(months.ENGLISH)})\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    rf"(?:\b(?:nr\.?|no\.?|số|art\.?|thứ|ngày|tháng|quý|năm|{'|'.join(months.ENGLISH)})|§)\s*\Z",
    re.IGNORECASE,
)
#: "năm" is five, and a year: before a number, and after words that no count follows.
_YEAR_WORD = re.compile(r"\s*(?:\d|nay\b|qua\b|sau\b|trước\b|học\b)", re.IGNORECASE)
_OF_YEAR = re.compile(r"(?:\b(?:trong|mỗi|hàng|hằng|cả|các|những|đầu|cuối|một|từng|\d+))\s*\Z", re.IGNORECASE)
_YEARS = range(1900, 2101)
_YEAR = re.compile(r"(?<![\w.,/])(?:19|20)\d\d(?![\w/])")
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
    acts = find_references(text)
    found = []
    for match in _FIGURE.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()]
        value = value_of(match[0])
        if not (
            (match[0].isdigit() and value in _YEARS)
            or (
                match[0].lower() == "năm" and (_YEAR_WORD.match(text, match.end()) or _OF_YEAR.search(before))
            )
            or _NUMBERED.search(before)
            or _NO_COUNT.match(text, match.end())
            or any(act.start < match.end() and match.start() < act.end for act in acts)
        ):
            scale = next((scale for scale, words in _SCALES if words.match(text, match.end())), 1.0)
            found.append(Figure(value * scale, match.start(), match.end(), match[0]))
    return found


def wrong_sum(sentence: str) -> WrongSum | None:
    """The first total of a sentence whose parts, listed after it, do not add up to it."""
    counts = figures(sentence)
    for marker in _PARTS.finditer(sentence):
        before = [
            count
            for count in counts
            if count.end <= marker.start()
            and not _END.search(sentence[count.end : marker.start()].rstrip("; "))
        ]
        end = _END.search(sentence, marker.end())
        stop = end.start() if end else len(sentence)
        parts = [count for count in counts if marker.end() <= count.start < stop]
        if not before or len(parts) < 2:
            continue
        # "1.088 Dialoge in 12 Gemeinden, davon …": the total is the largest, and any that fits will do.
        wrong = WrongSum(max(before, key=lambda count: count.value), tuple(parts))
        missing = wrong.total.value - wrong.sum
        if not any(math.isclose(count.value, wrong.sum) for count in before) and (
            missing <= _SLIP * wrong.total.value
        ):
            return wrong
    return None


def differing(texts: Sequence[str], languages: Sequence[Language]) -> list[tuple[int, Figure, int, Figure]]:
    """Pairs of statements that give different figures for one thing: ``(row, figure, row, figure)``.

    For one thing: the words around the figures mostly agree, the years too where both name some, and each
    holds one figure only the other has not.
    """
    counts = [figures(text) for text in texts]
    years = [set(_YEAR.findall(text)) for text in texts]
    words = [
        frozenset(stem for stem in stems(text, language) if not stem[0].isdigit())
        for text, language in zip(texts, languages, strict=True)
    ]
    found = []
    for a, b in combinations(range(len(texts)), 2):
        mine = [c for c in counts[a] if c.value not in {x.value for x in counts[b]}]
        other = [c for c in counts[b] if c.value not in {x.value for x in counts[a]}]
        union = words[a] | words[b]
        alike = len(words[a] & words[b]) / len(union) if union else 0.0
        same_years = not (years[a] and years[b]) or years[a] == years[b]
        if len(mine) == len(other) == 1 and alike >= _ONE_THING and same_years:
            found.append((a, mine[0], b, other[0]))
    return found


def value_of(text: str) -> float:
    if not text[0].isdigit():
        # As the pattern reads it: "ſechs" and "NİNE" are no keys, whatever their case.
        return float(next(n for word, n in _WORDS.items() if re.fullmatch(word, text, re.IGNORECASE)))
    if re.fullmatch(r"\d{1,3}(?:[.,\u00a0 ]\d{3})+", text):
        return float(re.sub(r"\D", "", text))
    return float(text.replace(",", "."))
