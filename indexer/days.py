"""Days that a text names by day and month, with or without a year: "15. August", "15 August", "ngày 15/8"."""

from __future__ import annotations

import re
import unicodedata

_MONTHS = (
    "januar jänner january",
    "februar february",
    "märz march",
    "april",
    "mai may",
    "juni june",
    "juli july",
    "august",
    "september",
    "oktober october",
    "november",
    "dezember december",
)
_NUMBER = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_NAMES = "|".join(_NUMBER)
_DAY = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_NAMES})\b"
    rf"|\b(?P<month2>{_NAMES})\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)"
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
        month = _NUMBER.get(groups["month"].lower()) or int(groups["month"])
        day = int(groups["day"])
        if 1 <= month <= 12 and 1 <= day <= 31:
            found.add((month, day))
    return frozenset(found)


def without_days(text: str) -> str:
    """A text with a blank in place of every day it names."""
    return _DAY.sub(" ", unicodedata.normalize("NFC", text))
