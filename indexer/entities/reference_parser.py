"""Parser of one mention of numbered acts in folded text, from the kind word or code that introduces it.

Precision comes before recall: a question about an act that is not in the corpus must never be answered from
one with a similar number. So a number is never cut, and one that may count something else is no reference.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from indexer.entities import reference_grammar as grammar
from indexer.entities.folded_text import FoldedText


class _KindWord(NamedTuple):
    """The word or code before a number. ``is_vietnamese``: the number word "số" may follow it."""

    kind: grammar.Kind
    is_plural: bool = False
    is_vietnamese: bool = True


class _Number(NamedTuple):
    """The number after a kind word. ``is_explicit``: a number word or a hyphen says that it is one."""

    match: re.Match[str]
    pattern: re.Pattern[str]
    is_explicit: bool


def parse_mention(page: FoldedText, lead: re.Match[str]) -> list[tuple[str, int, int]]:
    """Key and folded span of every act that `lead` introduces: none, one, or the items of an enumeration."""
    if lead["digits"]:
        return _parse_sign(page, lead)
    word = _kind_word(page, lead)
    number = word and _first_number(page, lead, word)
    if not word or not number:
        return []
    if not number.is_explicit and lead[0] == "conclusion" and page.folded.endswith("In ", 0, lead.start()):
        return []  # "In conclusion 57 ..."
    end = number.match.end()
    mention = page.folded[lead.start() : end]
    if mention.count("(") > mention.count(")") and page.folded.startswith(")", end):
        end += 1
    items = _enumeration(page, number.match, number.pattern, word)
    return [
        (_key(word.kind, number.match), lead.start(), end),
        *((_key(word.kind, item), *item.span()) for item in items),
    ]


def _parse_sign(page: FoldedText, lead: re.Match[str]) -> list[tuple[str, int, int]]:
    """A sign without a kind word before it: "57-NQ/TW"."""
    number = grammar.NUMBER.match(page.folded, lead.start())
    if number and int(number["number"]) and (number["sign"] or number["short"] == "NQ"):
        return [(_key(None, number), *number.span())]
    return []


def _kind_word(page: FoldedText, lead: re.Match[str]) -> _KindWord | None:
    if lead["code"]:
        return _KindWord(grammar.KIND_BY_CODE[grammar.LEADING_CODES[lead["code"].upper()]])
    if not lead["kind"]:
        return None  # a web address
    word = grammar.WORD_BY_JOINED[lead["kind"].lower().replace(" ", "")]
    before = max(0, lead.start() - 6)
    return _KindWord(
        kind=grammar.KIND_BY_WORD[word],
        is_plural=word in grammar.PLURAL_WORDS
        or grammar.PLURAL_MARK.search(page.folded, before, lead.start()) is not None,
        is_vietnamese=word in grammar.VIETNAMESE_WORDS,
    )


def _first_number(page: FoldedText, lead: re.Match[str], word: _KindWord) -> _Number | None:
    """The number that a kind word introduces, right behind it or behind the issuing body."""
    for link_pattern in (grammar.DIRECT_LINK, grammar.ISSUER_LINK):
        link = link_pattern.match(page.folded, lead.end())
        if link and _is_link(page, lead, link, word):
            explicit = bool(link["word"] or (lead["code"] and link[0] == "-"))
            pattern = grammar.NUMBER_IN_LIST if word.is_plural and explicit else grammar.NUMBER
            number = pattern.match(page.folded, link.end())
            if (
                number
                and (word.kind.bare or explicit or number["sign"])
                and _is_reference_number(page, number, explicit)
            ):
                return _Number(number, pattern, explicit)
    return None


def _is_link(page: FoldedText, lead: re.Match[str], link: re.Match[str], word: _KindWord) -> bool:
    if link["word"] and not _is_number_word(page, link, word.is_vietnamese):
        return False
    # "NQ57", but "ND1" may be anything.
    return not lead["code"] or bool(link[0]) or word.kind.code == "NQ"


def _enumeration(
    page: FoldedText, first: re.Match[str], pattern: re.Pattern[str], word: _KindWord
) -> list[re.Match[str]]:
    """The further numbers of an enumeration: "Resolutionen 57, 59 und 68".

    After a singular ("Resolution 57 und 12 ...") an item without number word or sign counts only if the list
    is unmistakable: three numbers or more, or nothing behind it that it could count.
    """
    items: list[tuple[re.Match[str], bool]] = []
    position, complete = first.end(), True
    while link := grammar.NEXT_ITEM.match(page.folded, position):
        explicit = bool(link["word"]) and _is_number_word(page, link, word.is_vietnamese)
        item = pattern.match(page.folded, link.end())
        is_month = item and not explicit and grammar.MONTH.fullmatch(item[0])
        if not item or is_month or not _is_reference_number(page, item, explicit):
            complete = False
            break
        items.append((item, explicit or bool(item["sign"])))
        position = item.end()
    certain = word.is_plural or (
        complete and (len(items) > 1 or bool(grammar.LIST_END.match(page.folded, position)))
    )
    return [item for item, is_marked in items if certain or is_marked]


def _is_number_word(page: FoldedText, link: re.Match[str], vietnamese: bool) -> bool:
    """False for the German and English "so", which folds like "số"."""
    so = link["word"][:2].lower() == "so"
    return vietnamese or not so or page.original_word(*link.span("word"))[:2].lower() == "số"


def _is_reference_number(page: FoldedText, number: re.Match[str], explicit: bool) -> bool:
    """False for a number that may be a date, an ordinal, a share or an amount."""
    value = int(number["number"])
    if not value or (number["letter"] and page.original_word(*number.span("letter")) in "đĐ"):  # "57đ": money
        return False
    if explicit or any(number[part] for part in ("letter", "year", "sign", "short", "body")):
        return True
    end = number.end()
    is_date = 1900 <= value <= 2100 or (value <= 31 and grammar.DAY.match(page.folded, end))
    is_ordinal = value <= 99 and grammar.ORDINAL.match(page.folded, end)
    return not (
        is_date or is_ordinal or grammar.SHARE.match(page.folded, end) or _is_amount(page, value, end)
    )


def _is_amount(page: FoldedText, value: int, end: int) -> bool:
    """True if the words behind a bare number, which ends at `end`, make it an amount."""
    if not (words := grammar.NEXT_WORDS.match(page.folded, end)):
        return False
    first = page.original_word(*words.span("first"))
    second = page.original_word(*words.span("second")).lower() if words["second"] else ""
    if first.lower() in grammar.QUALIFIERS and second:
        first, second = second, ""
    if first in grammar.UNITS:
        return True
    first = first.lower()
    if first in grammar.DATE_WORDS and second.isdecimal():
        return first == "tháng" and value <= 31
    if first in grammar.COUNTED_PAIRS:
        return second == grammar.COUNTED_PAIRS[first]
    return first in grammar.COUNTED and second not in grammar.NOT_COUNTED_BEFORE.get(first, ())


def _key(kind: grammar.Kind | None, number: re.Match[str]) -> str:
    """The canonical key of a number with its sign.

    The sign decides over the kind word. `QĐ` signs regulations and decisions: there the word decides, or the
    issuer, for the bodies of the state sign decisions.
    """
    code = kind.code if kind else ""
    issuer = (number["issuer"] or number["body"] or "").upper()
    state_issuer = issuer if grammar.STATE.fullmatch(issuer) else ""
    if sign := number["sign"] or number["short"]:
        signed = grammar.SIGN_CODES[sign.upper()]
        code = "QDI" if signed == "QD" and (code == "QDI" or state_issuer) else signed
    key = f"{code}-{int(number['number'])}{(number['letter'] or '').upper()}"
    if number["year"]:
        return f"{key}/{int(number['year'])}"
    return f"{key}/{state_issuer}" if state_issuer else key
