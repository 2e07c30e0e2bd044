"""Expected answer type of a question: number, number in a unit, date, person."""

from __future__ import annotations

import re
from functools import lru_cache

from indexer.entities.dates import without_days
from indexer.entities.persons import find_persons
from indexer.entities.places import canonical_place, find_places
from indexer.entities.references import find_references
from indexer.text import months
from service.query import number_words

_NUMBER_ASKED = re.compile(
    r"wie\s?viele?\b|wie\s+(?:hoch|groß|oft|lange)\b|welche[rn]?\s+(?:zahl|anzahl|summe|anteil)|\banzahl\b"
    r"|how\s+(?:many|much|often|long)\b"
    r"|(?:what|the)\s+(?:number|amount|percentage|share)\b|bao\s+nhiêu|bao\s+lâu|\bmấy\b|bao\s+nhieu",
    re.IGNORECASE,
)
#: "Eleven" and "twelve" are left out.
_NUMBER_WORDS = "|".join((*number_words.GERMAN, *number_words.ENGLISH[:9], *number_words.VIETNAMESE))
_NUMBER = re.compile(
    # "Nicht jeder" says that some do not, but not how many.
    rf"\d|(?<!\bnicht )(?<!\bnot )\b(?:{_NUMBER_WORDS}|zwanzig"
    r"|jede[rsnm]?|täglich|wöchentlich|monatlich|jährlich|quartal\w*|halb\w*|hälfte|drittel|viertel"
    r"|dutzend\w*|paar|beide[nrms]?|einzige[nrms]?|einmal|zweimal|dreimal|doppelt\w*"
    r"|both|half|third|dozens?|pair|every|once|twice|daily|weekly|monthly|yearly|hàng|mỗi)\b"
    r"|hundert|tausend|million|milliarde|vierteljährlich|thousand|billion|triệu|tỷ"
    # Durations and frequencies are given like this too: "mehrere Jahre"; "mehrere Gemeinden" is no number.
    r"|\b(?:mehrere[nr]?|einige[nr]?|several|many|some|few|vài|nhiều)\s+(?:stunden?|tagen?|wochen?|monaten?"
    r"|jahren?|jahrzehnten?|male?n?|hours|days|weeks|months|years|decades|times|giờ|ngày|tuần|tháng|năm"
    r"|thập kỷ|lần)\b",
    re.IGNORECASE,
)
#: Units that a question names, frequency among them, and numbers in them in the three languages.
_UNITS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(given, re.IGNORECASE))
    for asked, given in (
        (
            # "Đồng chí" is a comrade, "Dong Ha" a town: the currency stands after a figure or a word for one.
            r"\b(?:vnd|euro|dollar|usd|milliarden|kostet|kosten|billions?|costs?|(?:viele|many|much) dong)\b"
            r"|(?:tỷ|triệu|nghìn|nhiêu) đồng(?! chí)|nhiêu tỷ\b",
            r"\d\s?(?:mio\.?|mrd\.?|milli\w+|billion|tausend|thousand|tỷ|triệu|nghìn)?\s?(?:dong|đồng|vnd|euro|dollar|usd|€)"
            r"|milliarde|\bbillion|tỷ đồng|[€$]\s?\d",
        ),
        (r"prozent|percent|per cent|phần trăm|%", r"%|prozent|percent|per cent|phần trăm|quote"),
        (r"\btonnen?\b|\btonn?es?\b|\btons\b|\btấn\b", r"\btonne|\btonn?es?\b|\btons\b|\btấn\b"),
        (r"hektar|hectare|héc ta", r"hektar|hectare|\d ha\b|héc ta"),
        (
            # "15. August" says when, not how often.
            r"wie (?:oft|häufig)|how (?:often|many times)|bao lâu (?:một )?lần|(?:mấy|bao nhiêu) lần",
            r"\d-?mal|mals?\b|\bmale\b|\btimes\b|\blần\b|\b(?:jede[rsnm]?|alle|pro|regelmäßig\w*|every|each|per"
            r"|once|twice|regularly|mỗi|hàng|định kỳ)\b|(?:täg|wöchent|monat|jähr)lich|quartal"
            r"|quarter|daily|weekly|monthly|yearly|annual|hằng",
        ),
        (r"kilometer|\bkm\b|ki lô mét|cây số", r"kilometer|kilometre|\bkm\b|ki lô mét|cây số"),
    )
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!\s*%)")
_WHEN = re.compile(
    r"\bwann\b|in welchem jahr|bis zu welchem jahr|welche[snm]? (?:jahr|datum|monat|jahrhundert)"
    r"|an welchem tag|\bwhen\b|(?:what|which) (?:year|date|month|century|decade|day)"
    r"|khi nào|(?:năm|ngày|tháng|thời gian|lúc|thế kỷ) nào|năm bao nhiêu|bao giờ",
    re.IGNORECASE,
)
#: A short one is a part of other words.
_MONTH = "|".join(rf"\b{name}\b" if len(name) == 3 else name for name in (*months.GERMAN, *months.ENGLISH))
_DATE = re.compile(
    rf"\d|jahrhundert|{_MONTH}|quartal|century|tháng|ngày|\bnăm\b",
    re.IGNORECASE,
)
_WHO = re.compile(r"\b(?:wer|wem|wen|wessen|who|whom|whose|ai)\b|người nào", re.IGNORECASE)


def asks_for_number(question: str) -> bool:
    """True if only a number can answer: "wie viele", "how much", "bao nhiêu".

    "Wann war die Anzahl am höchsten" asks for a date, and so does "năm bao nhiêu".
    """
    return bool(_NUMBER_ASKED.search(question)) and not _WHEN.search(question)


def contains_number(question: str, sentence: str) -> bool:
    """True if a sentence gives a number, in digits, as a word or as a frequency, in the unit asked for.

    The number of a reference does not count.
    """
    return (
        _NUMBER.search(sentence) is not None
        and all(given.search(sentence) for given in _units(question))
        and _NUMBER.search(_without_references(sentence)) is not None
    )


@lru_cache(4096)
def _without_references(sentence: str) -> str:
    """A sentence without references, days and years, whose numbers count nothing."""
    for reference in reversed(find_references(sentence)):
        sentence = f"{sentence[: reference.start]} {sentence[reference.end :]}"
    return _YEAR.sub(" ", without_days(sentence))


@lru_cache(256)
def _units(question: str) -> tuple[re.Pattern[str], ...]:
    """Patterns of the units that a question names; "Ha" Giang and Lam "Dong" are no units."""
    for place in reversed(find_places(question)):
        question = f"{question[: place.start]} {question[place.end :]}"
    return tuple(given for asked, given in _UNITS if asked.search(question))


def matches_answer_type(question: str, sentence: str) -> bool:
    """True if a question asks for a date or a person and the sentence gives one."""
    if _WHEN.search(question):
        return bool(_DATE.search(sentence))
    if not _WHO.search(question):
        return False
    return any(canonical_place(name) is None for name in find_persons(sentence))
