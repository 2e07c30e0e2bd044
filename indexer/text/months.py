"""Month names in German and English. Vietnamese numbers its months."""

from __future__ import annotations

#: January first.
GERMAN = (
    "januar", "februar", "märz", "april", "mai", "juni",
    "juli", "august", "september", "oktober", "november", "dezember",
)  # fmt: skip
ENGLISH = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
#: Austrian German.
AUSTRIAN = {"jänner": 1}
#: Written without its umlaut.
TRANSLITERATED = {"maerz": 3}
ABBREVIATIONS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9,
    "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
}  # fmt: skip

#: Number of the month, 1 to 12, by full name.
FULL_NAMES = {name: number for names in (GERMAN, ENGLISH) for number, name in enumerate(names, 1)} | AUSTRIAN
#: Number of the month by every spelling above.
ALL_NAMES = FULL_NAMES | TRANSLITERATED | ABBREVIATIONS
