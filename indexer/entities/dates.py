"""Dates, days and periods in German, English and Vietnamese text."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from indexer.text import months

_MONTH = "|".join(sorted(months.ALL_NAMES, key=len, reverse=True))
# In all patterns here, groups that differ only in a final digit hold the same part of a date; see `_parts`.
#: A date; without its year only where the month is a word.
DATE = re.compile(
    rf"""
      (?<!\d)(?P<iso>\d{{4}}-\d{{1,2}}-\d{{1,2}})(?!\d)
    | (?<!\d)(?P<day>\d{{1,2}})\s*[./-]\s*(?P<month>\d{{1,2}})\s*[./-]\s*(?P<year>\d{{4}})(?!\d)
    | (?<!\d)(?P<day2>\d{{1,2}})(?:\.|st|nd|rd|th)?\s*(?:of\s+)?
      (?P<name>{_MONTH})\.?,?\s*(?P<year2>\d{{4}})?(?!\w)
    | (?P<name3>{_MONTH})\s+(?P<day3>\d{{1,2}})(?:st|nd|rd|th)?,?\s*(?P<year3>\d{{4}})(?!\w)
    | ngày\s+(?P<day4>\d{{1,2}})\s+tháng\s+(?P<month4>\d{{1,2}})(?:\s+năm\s+(?P<year4>\d{{4}}))?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_QUARTERS = {
    "1": "1", "i": "1", "ersten": "1", "erstes": "1", "first": "1",
    "2": "2", "ii": "2", "zweiten": "2", "zweites": "2", "second": "2",
    "3": "3", "iii": "3", "dritten": "3", "drittes": "3", "third": "3",
    "4": "4", "iv": "4", "vierten": "4", "viertes": "4", "fourth": "4",
}  # fmt: skip
_QUARTER = re.compile(
    rf"""
      (?P<quarter>\b(?:{"|".join(_QUARTERS)}))\.?\s+(?:quartals?|quarter)\s+
      (?:of\s+|des\s+jahres\s+)?(?P<year>(?:19|20)\d{{2}})
    | quý\s+(?P<quarter2>{"|".join(sorted(_QUARTERS, key=len, reverse=True))})(?:\s+năm|/)?\s*
      (?P<year2>(?:19|20)\d{{2}})
    | \bQ(?P<quarter3>[1-4])(?:\s+|\s*[/-]\s*|\s+of\s+)(?P<year3>(?:19|20)\d{{2}})\b
    | \b(?P<year4>(?:19|20)\d{{2}})(?:\s+|\s*[/-]\s*)Q(?P<quarter4>[1-4])\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MONTH_OF_YEAR = re.compile(
    rf"\b(?P<name>{_MONTH})\s+(?P<year>(?:19|20)\d{{2}})\b|tháng\s+(?P<month>\d{{1,2}})(?:\s+năm\s+|/)(?P<year2>(?:19|20)\d{{2}})",
    re.IGNORECASE,
)
#: Letters that match s and i in any case but have another lower case: ſ, ı, and İ, which is i and a dot.
_OTHER_CASES = {ord("ſ"): "s", ord("ı"): "i", 0x307: None}
_YEAR = re.compile(r"(?<![\w.,/–-])(?:19|20)\d{2}(?![\w/]|[.,–-]\d)")


@dataclass(frozen=True, slots=True)
class Period:
    """A day, month, quarter or year named in a text: first and last day in ISO 8601, and the words."""

    first: str
    last: str
    text: str


def find_periods(text: str) -> list[Period]:
    """The dates and periods with a year that a text names, in reading order.

    Where several readings overlap, the most exact one counts: day before quarter, month, year.
    """
    found: list[tuple[int, Period]] = []
    # One flag a code point, so that the time stays linear in a chronicle with thousands of dates.
    covered = bytearray(len(text))
    for pattern, bounds_of in (
        (DATE, _day_bounds),
        (_QUARTER, _quarter_bounds),
        (_MONTH_OF_YEAR, _month_bounds),
        (_YEAR, _year_bounds),
    ):
        for match in pattern.finditer(text):
            bounds = bounds_of(match)
            start, end = match.span()
            if bounds and covered.find(1, start, end) < 0:
                covered[start:end] = b"\1" * (end - start)
                found.append((start, Period(*bounds, match[0])))
    return [period for _, period in sorted(found, key=lambda item: item[0])]


def _parts(match: re.Match[str]) -> dict[str, str]:
    """The groups that took part in a match, without the digits at the end of their names."""
    return {name.rstrip("12345"): value for name, value in match.groupdict().items() if value}


def _day_bounds(match: re.Match[str]) -> tuple[str, str] | None:
    date = iso_date(match, None)
    return (date, date) if date else None


def _quarter_bounds(match: re.Match[str]) -> tuple[str, str]:
    parts = _parts(match)
    number = int(_QUARTERS[_lower_case(parts["quarter"])])
    return _bounds(int(parts["year"]), 3 * number - 2, 3 * number)


def _month_bounds(match: re.Match[str]) -> tuple[str, str] | None:
    parts = _parts(match)
    month = _month_number(parts)
    return _bounds(int(parts["year"]), month, month) if 1 <= month <= 12 else None


def _year_bounds(match: re.Match[str]) -> tuple[str, str]:
    return _bounds(int(match[0]), 1, 12)


def _bounds(year: int, first: int, last: int) -> tuple[str, str]:
    """The first day of a year's month ``first`` and the last day of its month ``last``."""
    following = datetime.date(year + last // 12, last % 12 + 1, 1)
    return datetime.date(year, first, 1).isoformat(), (following - datetime.timedelta(days=1)).isoformat()


def _month_number(parts: Mapping[str, str]) -> int:
    return months.ALL_NAMES[_lower_case(parts["name"])] if "name" in parts else int(parts["month"])


def _lower_case(word: str) -> str:
    """A word that a pattern matched regardless of case, as it stands in the pattern."""
    return word.lower().translate(_OTHER_CASES)


def first_date(text: str) -> str | None:
    """The first full date of a text in ISO 8601, or ``None``."""
    match = DATE.search(text)
    return iso_date(match, None) if match else None


def iso_date(match: re.Match[str], default_year: int | None) -> str | None:
    """The date of a match of ``DATE`` in ISO 8601.

    ``None`` without a year where there is no default for it, and for a day that no calendar has.
    """
    parts = _parts(match)
    try:
        if "iso" in parts:
            return datetime.date(*map(int, parts["iso"].split("-"))).isoformat()
        year = parts.get("year", default_year)
        if year is None:
            return None
        return datetime.date(int(year), _month_number(parts), int(parts["day"])).isoformat()
    except ValueError:
        return None


_FULL_NAME = "|".join(months.FULL_NAMES)
_DAY = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?\s+(?:of\s+)?(?P<name>{_FULL_NAME})\b"
    rf"|\b(?P<name2>{_FULL_NAME})\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)"
    r"|\bng[àa]y\s+(?P<day3>\d{1,2})\s*(?:[/.-]|th[áa]ng)\s*(?P<month3>\d{1,2})\b"
    r"|\b(?P<day4>\d{1,2})\.\s?(?P<month4>\d{1,2})\.(?=\s?\d{4}\b|\s|$)"
    r"|\b(?P<day5>\d{1,2})\s+th[áa]ng\s+(?P<month5>\d{1,2})\b",
    re.IGNORECASE,
)


def find_days(text: str) -> frozenset[tuple[int, int]]:
    """``(month, day)`` of every day that a text names, with or without its year."""
    found = set()
    for match in _DAY.finditer(unicodedata.normalize("NFC", text)):
        parts = _parts(match)
        month, day = _month_number(parts), int(parts["day"])
        if 1 <= month <= 12 and 1 <= day <= 31:
            found.add((month, day))
    return frozenset(found)


def without_days(text: str) -> str:
    """The text, composed, with a blank in place of every day it names."""
    return _DAY.sub(" ", unicodedata.normalize("NFC", text))
