"""Dates as German, English and Vietnamese reports write them, and the periods that questions name."""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass

from indexer.text import months

_MONTH = "|".join(sorted(months.ALL_NAMES, key=len, reverse=True))
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
      (?P<before>\b(?:{"|".join(_QUARTERS)}))\.?\s+(?:quartals?|quarter)\s+
      (?:of\s+|des\s+jahres\s+)?(?P<year>(?:19|20)\d{{2}})
    | quý\s+(?P<after>{"|".join(sorted(_QUARTERS, key=len, reverse=True))})(?:\s+năm|/)?\s*
      (?P<year2>(?:19|20)\d{{2}})
    | \bQ(?P<short>[1-4])(?:\s+|\s*[/-]\s*|\s+of\s+)(?P<year3>(?:19|20)\d{{2}})\b
    | \b(?P<year4>(?:19|20)\d{{2}})(?:\s+|\s*[/-]\s*)Q(?P<short2>[1-4])\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MONTH_OF_YEAR = re.compile(
    rf"\b(?P<name>{_MONTH})\s+(?P<year>(?:19|20)\d{{2}})\b|tháng\s+(?P<number>\d{{1,2}})(?:\s+năm\s+|/)(?P<year2>(?:19|20)\d{{2}})",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\w.,/–-])(?:19|20)\d{2}(?![\w/]|[.,–-]\d)")


@dataclass(frozen=True, slots=True)
class Period:
    """A day, month, quarter or year named in a text: first and last day in ISO 8601, and the words."""

    first: str
    last: str
    text: str


def find_periods(text: str) -> list[Period]:
    """Dates and periods with a year that a text names, the most exact reading of each, in reading order."""
    found: list[tuple[int, Period]] = []
    # One flag a code point, so that the time stays linear in a chronicle with thousands of dates.
    covered = bytearray(len(text))
    for pattern, read in (
        (DATE, _day), (_QUARTER, _quarter), (_MONTH_OF_YEAR, _month), (_YEAR, _year)
    ):  # fmt: skip
        for match in pattern.finditer(text):
            bounds = read(match)
            start, end = match.span()
            if bounds and covered.find(1, start, end) < 0:
                covered[start:end] = b"\1" * (end - start)
                found.append((start, Period(*bounds, match[0])))
    return [period for _, period in sorted(found, key=lambda item: item[0])]


def _day(match: re.Match[str]) -> tuple[str, str] | None:
    date = iso_date(match, None)
    return (date, date) if date else None


def _quarter(match: re.Match[str]) -> tuple[str, str]:
    named = match["before"] or match["after"] or match["short"] or match["short2"]
    number = int(_QUARTERS[named.lower()])
    year = int(match["year"] or match["year2"] or match["year3"] or match["year4"])
    return _months(year, 3 * number - 2, 3 * number)


def _month(match: re.Match[str]) -> tuple[str, str] | None:
    month = months.ALL_NAMES[match["name"].lower()] if match["name"] else int(match["number"])
    return _months(int(match["year"] or match["year2"]), month, month) if 1 <= month <= 12 else None


def _year(match: re.Match[str]) -> tuple[str, str]:
    return _months(int(match[0]), 1, 12)


def _months(year: int, first: int, last: int) -> tuple[str, str]:
    following = datetime.date(year + last // 12, last % 12 + 1, 1)
    return datetime.date(year, first, 1).isoformat(), (following - datetime.timedelta(days=1)).isoformat()


def first_date(text: str) -> str | None:
    """The first full date of a text in ISO 8601, ``None`` where there is none."""
    match = DATE.search(text)
    return iso_date(match, None) if match else None


def iso_date(match: re.Match[str], default_year: int | None) -> str | None:
    """The date of a match of ``DATE``, ``None`` without a year or default, or where there is no such day."""
    parts = match.groupdict()
    try:
        if parts["iso"]:
            year, month, day = (int(part) for part in parts["iso"].split("-"))
        else:
            day = int(parts["day"] or parts["day2"] or parts["day3"] or parts["day4"])
            name = parts["name"] or parts["name3"]
            month = months.ALL_NAMES[name.lower()] if name else int(parts["month"] or parts["month4"])
            stated = parts["year"] or parts["year2"] or parts["year3"] or parts["year4"]
            if stated is None and default_year is None:
                return None
            year = int(stated) if stated else int(default_year or 0)
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None


_FULL_NAME = "|".join(months.FULL_NAMES)
_DAY = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_FULL_NAME})\b"
    rf"|\b(?P<month2>{_FULL_NAME})\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)"
    r"|\bng[àa]y\s+(?P<day3>\d{1,2})\s*(?:[/.-]|th[áa]ng)\s*(?P<month3>\d{1,2})\b"
    r"|\b(?P<day4>\d{1,2})\.\s?(?P<month4>\d{1,2})\.(?=\s?\d{4}\b|\s|$)"
    r"|\b(?P<day5>\d{1,2})\s+th[áa]ng\s+(?P<month5>\d{1,2})\b",
    re.IGNORECASE,
)


def find_days(text: str) -> frozenset[tuple[int, int]]:
    """``(month, day)`` of every day that a text names."""
    found = set()
    for match in _DAY.finditer(unicodedata.normalize("NFC", text)):
        groups = {name.rstrip("2345"): value for name, value in match.groupdict().items() if value}
        month = months.FULL_NAMES.get(groups["month"].lower()) or int(groups["month"])
        day = int(groups["day"])
        if 1 <= month <= 12 and 1 <= day <= 31:
            found.add((month, day))
    return frozenset(found)


def without_days(text: str) -> str:
    """A text with a blank in place of every day it names."""
    return _DAY.sub(" ", unicodedata.normalize("NFC", text))
