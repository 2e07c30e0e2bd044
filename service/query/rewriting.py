"""Query rewriting: a question without its province and period.

Within the report of one province the province's name says nothing: its sentences write "the province" or
leave it out. So a document that fits the province and period of a question is also compared with the question
as it would be asked about this report alone: "Who chaired the Nghe An meeting in April 2024?" as "Who chaired
the meeting?".
"""

from __future__ import annotations

import re
import unicodedata

from indexer.analysis import analyzer
from indexer.text.languages import Language
from service.query.question import Question

#: Placeholders of a province, of several, and of a date while the words around them are matched.
_PLACE, _PLACES, _DATE = "\ue000", "\ue001", "\ue002"
_ANY = f"[{_PLACE}{_PLACES}]"

#: By language: words before a province or date; before a date only; articles; kinds of place; "and"; what
#: stands for one province, and for several, where the sentence needs a noun.
_WORDS: dict[Language, tuple[str, str, str, str, str, str, str]] = {
    "de": (
        "in|im|aus|von|vom|bei|beim|am|für|zu|zum|zur|an|auf|über|um|mit|nach|laut|zwischen|innerhalb",
        "des|ab|seit|bis|vor|während|jahre?s?|anfang|mitte|ende|laufe|(?:ersten|zweiten) halbjahre?s?",
        *("der|die|das|den|dem", "provinz(?:en)?|stadt|städten?", "und|oder|sowie"),
        *("die Provinz", "die Provinzen"),
    ),
    "en": (
        "in|of|from|on|for|at|by|to|about|with|within|across|throughout|between|(?:according|up) to|as of",
        "during|since|until|till|before|after|early|late|mid|year"
        "|(?:year|end|beginning|start|middle|course|(?:first|second) half|(?:first|last) [a-z]+ months) of",
        *("the", "(?:provinces?|city|cities) of", "and|or", "the province", "the provinces"),
    ),
    "vi": (
        "ở|tại|của|vào|trong|về|thuộc|với|giữa|theo|trên địa bàn",
        r"từ|đến|tính đến|trước|sau|kể từ|\w+ tháng (?:đầu|cuối)|nửa (?:đầu|cuối)"
        "|ngày|tháng|quý|năm|đầu|cuối|hết",
        *("các|những", r"tỉnh|thành phố|tp\.?", "và|hoặc|hay|cùng", "tỉnh", "các tỉnh"),
    ),
}
#: Strings that end in a kind of place or a possessive, or are part of another name.
_SPECIAL: dict[Language, tuple[tuple[str, str], ...]] = {
    "de": (
        (rf"(?<!der )(?<!die ){_PLACE}[- ](provinz|stadt)\b", rf"die \1 {_PLACE}"),
        (rf"({_PLACE})[- ](provinz|stadt)\b", r"\2 \1"),
        (rf"{_PLACE}-(?=\w)", ""),
    ),
    "en": (
        (rf"(?:\bthe )?({_PLACE}) (provinces?|city|cities)\b", r"the \2 of \1"),
        (rf"(?:\bthe )?(?:(?:province|city) of )?{_PLACE}['’]s\b", "the province's"),
        (rf"(?<!\bthe ){_PLACE}(?= (?-i:[A-Z]))", "the"),
    ),
    "vi": ((rf"(ủy|uỷ) {_PLACE}", r"\1"),),
}


def rewrite_without_context(question: Question) -> str:
    """The question as it would be asked about one report.

    Dates and provinces go, with the prepositions before them; a province that does or has something
    becomes "the province". A question that asks nothing without them is not changed.
    """
    if not question.places and not question.dates:
        return question.normalized_text
    lead, when, article, kind, conjunction, one, several = _WORDS[question.language]
    # Possessive, so that "year of" is read in one way only: a long question could take very long otherwise.
    around = rf"(?:(?:{when}) (?:(?:{article}) )?)*+"
    led = rf"{around}(?:(?:{lead}) (?:(?:{article}) )?)?+{around}"
    joined = rf"(?:, | (?:{conjunction}) |, (?:{conjunction}) | ?[–-] ?)"
    text = _with_placeholders(question)
    for pattern, replacement in (
        (rf"{_DATE}(?:{joined}{led}{_DATE})+", _DATE),
        (rf"\b({article}) {_DATE}(?= (?!(?:{lead}|{article})\b)[\w{_PLACE}])", r"\1"),
        (rf"(?<!\w){led}{_DATE}", ""),
        *_SPECIAL[question.language],
        (rf"{_PLACE}(?:{joined}(?:(?:{lead}) )?(?:(?:{article}) )?(?:(?:{kind}) )?{_PLACE})+", _PLACES),
        (rf"\( ?{_ANY}?[ ,]*\)", ""),
        (rf"\b({article}) {_ANY}", r"\1"),
        (rf"(?<!\w)(?:{lead}) (?:(?:{article}) )?(?:(?:{kind}) )?{_ANY}", ""),
        (rf"\b({kind}) {_ANY}", r"\1"),
        (rf"^{_ANY} ?[:,–-]", ""),
        (_PLACE, one),
        (_PLACES, several),
        (rf"(?: (?:{conjunction}))?[ ,;:–-]*([?.!]|$)", r"\1"),
        (r" ?, ?,", ""),
        (r" ([,;:)])", r"\1"),
        (r"^[ ,;:–-]+", ""),
    ):
        text = " ".join(re.sub(pattern, replacement, text, flags=re.IGNORECASE).split())
    remaining = re.sub(rf"\b(?:{several}|{one})\b", "", text, flags=re.IGNORECASE)
    if not analyzer.content_stems(remaining, question.language):
        return question.normalized_text
    return text[0].upper() + text[1:] if question.normalized_text.lstrip()[0].isupper() else text


def _with_placeholders(question: Question) -> str:
    """A question with single spaces and a placeholder for each province and date that it names."""
    text = question.normalized_text
    for place in reversed(question.places):
        text = text[: place.start] + _PLACE + text[place.end :]
    text = unicodedata.normalize("NFC", text)
    for period in question.dates:
        # "2024" stands in "57/2024/QH15" and "2024.500" too.
        before, after = (r"[\w.,/–-]", r"[\w/]|[.,–-]\d") if period.text.isdigit() else (r"\w", r"\w")
        name = re.escape(period.text)
        text = re.sub(rf"(?<!{before}){name}(?!{after})", _DATE, text, count=1)
    return " ".join(text.split())
