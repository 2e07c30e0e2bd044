"""Quantities in text: numbers with their scale, sums that do not add up, differing quantities."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from indexer.annotation.reference_topics import topic_stems
from indexer.entities.references import find_references
from indexer.text import months
from indexer.text.languages import Language
from service.query import number_words

_NUMBER_WORDS = {
    word: value
    for words in (number_words.GERMAN, number_words.ENGLISH, number_words.VIETNAMESE)
    for value, word in enumerate(words, start=2)
}
_QUANTITY = re.compile(
    r"(?<![\w.,/-])(?:\d{1,3}(?:[.,\u00a0 ]\d{3})+|\d+(?:[.,]\d+)?"
    rf"|(?:{'|'.join(_NUMBER_WORDS)})\b)(?![\w/])",
    re.IGNORECASE,
)
#: Scale words after a number.
_SCALES = tuple(
    (scale, re.compile(rf"\s*(?:{words})\b", re.IGNORECASE))
    for scale, words in (
        (1e3, "tausend|thousand|nghìn|ngàn"),
        (1e6, r"mio\.?|million(?:en)?|triệu"),
        (1e9, r"mrd\.?|milliarden?|billion|tỷ"),
    )
)
#: Words between a total and its parts.
_PARTS = re.compile(
    r"\b(?:davon(?! (?:un)?abhängig| abgesehen)|darin enthalten|und zwar"
    r"|of (?:which|these|them)|namely|trong đó)\b|, gồm\b",
    re.IGNORECASE,
)
#: Parts end with their clause or sentence.
_END = re.compile(r"[;!?]|\.\s")
#: Words after a number, and before it, with which it counts no things.
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
#: By hand: share of the total that a list may fall short and still be a wrong sum, not a choice of parts.
SUM_TOLERANCE = 0.1
#: By hand: share of the words around two numbers that must agree for them to be of one thing.
TERM_OVERLAP = 0.6


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of things in a text: value, span, and as it is written."""

    value: float
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class WrongSum:
    """A total and its parts that do not add up to it."""

    total: Quantity
    parts: tuple[Quantity, ...]

    @property
    def sum(self) -> float:
        return sum(part.value for part in self.parts)


def find_quantities(text: str) -> list[Quantity]:
    """Numbers of things in a text, in digits or words, without years, dates, percentages and references."""
    references = [(reference.start, reference.end) for reference in find_references(text)]
    found = []
    for match in _QUANTITY.finditer(text):
        overlaps = any(start < match.end() and match.start() < end for start, end in references)
        if not overlaps and _counts_things(match, text):
            scale = next((scale for scale, words in _SCALES if words.match(text, match.end())), 1.0)
            found.append(Quantity(value_of(match[0]) * scale, match.start(), match.end(), match[0]))
    return found


def _counts_things(match: re.Match[str], text: str) -> bool:
    """False for a year, a date, a percentage, and a number that names something: "Nr. 5"."""
    before = text[max(0, match.start() - 12) : match.start()]
    if match[0].isdigit() and value_of(match[0]) in _YEARS:
        return False
    if match[0].lower() == "năm" and (_YEAR_WORD.match(text, match.end()) or _OF_YEAR.search(before)):
        return False
    return not (_NUMBERED.search(before) or _NO_COUNT.match(text, match.end()))


def wrong_sum(sentence: str, tolerance: float = SUM_TOLERANCE) -> WrongSum | None:
    """The first total of a sentence whose parts, listed after it, do not add up to it."""
    counts = find_quantities(sentence)
    for marker in _PARTS.finditer(sentence):
        totals, parts = _around(marker, sentence, counts)
        if not totals or len(parts) < 2:
            continue
        # "1.088 Dialoge in 12 Gemeinden, davon …": the total is the largest, and any that fits will do.
        wrong = WrongSum(max(totals, key=lambda count: count.value), tuple(parts))
        missing = wrong.total.value - wrong.sum
        adds_up = any(math.isclose(count.value, wrong.sum) for count in totals)
        if not adds_up and missing <= tolerance * wrong.total.value:
            return wrong
    return None


def _around(
    marker: re.Match[str], sentence: str, counts: Sequence[Quantity]
) -> tuple[list[Quantity], list[Quantity]]:
    """Possible totals before a marker, in its clause, and the parts after it."""
    totals = [
        count
        for count in counts
        if count.end <= marker.start() and not _END.search(sentence[count.end : marker.start()].rstrip("; "))
    ]
    end = _END.search(sentence, marker.end())
    stop = end.start() if end else len(sentence)
    return totals, [count for count in counts if marker.end() <= count.start < stop]


@dataclass(frozen=True, slots=True)
class _Statement:
    """The quantities, years and terms of a text."""

    counts: list[Quantity]
    years: frozenset[str]
    terms: frozenset[str]


def differing_quantities(
    texts: Sequence[str], languages: Sequence[Language], term_overlap: float = TERM_OVERLAP
) -> list[tuple[int, Quantity, int, Quantity]]:
    """Pairs of texts that give different numbers for one thing: ``(row, quantity, row, quantity)``.

    For one thing: most of the words around the numbers agree, the years too if both name some, and each text
    has exactly one number that the other has not.
    """
    statements = [_statement(text, language) for text, language in zip(texts, languages, strict=True)]
    found = []
    for (a, one), (b, two) in combinations(enumerate(statements), 2):
        only_one, only_two = _without(one.counts, two.counts), _without(two.counts, one.counts)
        if len(only_one) == len(only_two) == 1 and _same_thing(one, two, term_overlap):
            found.append((a, only_one[0], b, only_two[0]))
    return found


def _statement(text: str, language: Language) -> _Statement:
    terms = frozenset(stem for stem in topic_stems(text, language) if not stem[0].isdigit())
    return _Statement(find_quantities(text), frozenset(_YEAR.findall(text)), terms)


def _without(counts: Sequence[Quantity], others: Sequence[Quantity]) -> list[Quantity]:
    values = {other.value for other in others}
    return [count for count in counts if count.value not in values]


def _same_thing(one: _Statement, two: _Statement, term_overlap: float) -> bool:
    union = one.terms | two.terms
    overlap = len(one.terms & two.terms) / len(union) if union else 0.0
    return overlap >= term_overlap and (not (one.years and two.years) or one.years == two.years)


def value_of(text: str) -> float:
    """The value of a number in digits or words."""
    if not text[0].isdigit():
        # Matched as the pattern does: "ſechs" and "NİNE" match, but are no keys in any case.
        return float(next(n for word, n in _NUMBER_WORDS.items() if re.fullmatch(word, text, re.IGNORECASE)))
    if re.fullmatch(r"\d{1,3}(?:[.,\u00a0 ]\d{3})+", text):
        return float(re.sub(r"\D", "", text))
    return float(text.replace(",", "."))
