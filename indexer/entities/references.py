"""Numbered acts in running text: "Resolution Nr. 57-NQ/TW", "Nghị quyết số 57", "Directive No. 35".

A reference is one act under one canonical key, whatever language and spelling names it. Exactness comes
before reach: a question about an act that is not in the corpus must never be answered from one with a similar
number, so a number is never cut, and a number that may count something else is no reference.

Keys are kind, number, letter, and what sets one numbering apart from another: `NQ-57`, `NQ-57A`, `NQ-57/2024`
(acts numbered by year), `CT-2003/109` (year first, European Union), `NQ-57/CP` (a body of the state's).
Time is linear in the text.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from indexer.entities import reference_grammar


@dataclass(frozen=True, slots=True)
class Reference:
    """One mention: `text == given[start:end]`, counted in Unicode code points of the given text."""

    key: str
    start: int
    end: int
    text: str


def find_references(text: str) -> list[Reference]:
    """The mentions of numbered acts in reading order, without overlap.

    Each item of an enumeration is a mention; from the second on its span is the number with its sign. Ranges
    ("57–59") are not expanded.
    """
    if not reference_grammar.DIGIT.search(text):  # most sentences: not worth folding
        return []
    page = _fold(text)
    found: list[Reference] = []
    position = 0
    while lead := reference_grammar.LEAD.search(page.folded, position):
        position = lead.end()
        for key, start, end in _read(page, lead):
            first, last = page.written(start, end)
            found.append(Reference(key, first, last, text[first:last]))
            position = end
    return found


def nearest_keys(key: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Known keys that `key` may have been meant to be, nearest first; none when nothing is near.

    Near is one wrong kind, one wrong, missing or extra digit, two swapped digits, or another suffix or year.
    """
    asked = reference_grammar.KEY.fullmatch(key)
    if asked is None:
        return []
    ranked = []
    for candidate in set(known) - {key}:
        if not (other := reference_grammar.KEY.fullmatch(candidate)):
            continue
        a, b = asked["number"], other["number"]
        blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        shared = sum(block.size for block in blocks)
        wrong_kind = asked["kind"] != other["kind"]
        distance = len(a) + len(b) - 2 * shared + wrong_kind + (asked["rest"] != other["rest"])
        if shared and distance <= 2:
            ranked.append((distance, wrong_kind, abs(int(a) - int(b)), candidate))
    return [candidate for *_, candidate in sorted(ranked)[:limit]]


def display_name(key: str, language: str) -> str:
    """The act's name in `de`, `en` or `vi` (any other: English); `find_references` reads it back as `key`.

    ValueError when `key` is no canonical key.
    """
    parsed = reference_grammar.KEY.fullmatch(key)
    kind = reference_grammar.BY_CODE.get(parsed["kind"]) if parsed else None
    if parsed is None or kind is None:
        raise ValueError(f"not the key of an act: {key!r}")
    number, body = parsed["number"] + (parsed["letter"] or "").lower(), parsed["tail"] or ""
    if body and not body.isdecimal():
        number += f"/{kind.sign}-{'TTg' if body == 'TTG' else body.replace('HDND', 'HĐND')}"
    elif body:
        number += f"/{body}"
    if language == "de":
        return f"{kind.de} Nr. {number}"
    return f"{kind.vi} số {number}" if language == "vi" else f"{kind.en} No. {number}"


@dataclass(frozen=True, slots=True)
class _Page:
    """A text, its one spelling for the patterns, and the way back."""

    text: str
    folded: str
    offsets: list[int]  # position in `folded` -> position in `text`

    def written(self, start: int, end: int) -> tuple[int, int]:
        first, last = self.offsets[start], self.offsets[end - 1] + 1
        while last < len(self.text) and unicodedata.combining(self.text[last]):
            last += 1
        return first, last

    def word(self, start: int, end: int) -> str:
        """A word as written, its diacritics composed."""
        first, last = self.written(start, end)
        return unicodedata.normalize("NFC", self.text[first:last])


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    """Case stays: it tells the code CT from other words, and a hectare from Ha Giang."""
    if character in reference_grammar.LETTERS:
        return reference_grammar.LETTERS[character]
    category = unicodedata.category(character)
    if category == "Pd":
        return "-"
    if category in ("Cf", "Mn"):  # soft hyphens, zero-width spaces, combining marks
        return ""
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    # A footnote mark or a fraction is no digit of the number before it: "57¹" is 57, not 571.
    raised = any(map(str.isdigit, plain)) and not character.isdecimal()
    return plain if plain.isascii() and not raised else character


#: White space, ASCII in a row, or one character that may have to be folded.
_PIECES = re.compile(r"\s+|[\x00-\x08\x0e-\x1b\x21-\x7f]+|.", re.DOTALL)


def _fold(text: str) -> _Page:
    """White space becomes a space, between paragraphs a newline; a word broken at a line's end is joined."""
    folded: list[str] = []
    offsets: list[int] = []
    breaks = 0  # line breaks in the white space just read
    for piece in _PIECES.finditer(text):
        offset, character = piece.start(), piece[0]
        if character.isspace():
            if not folded or folded[-1] not in " \n":
                folded.append(" ")
                offsets.append(offset)
                breaks = 0
            breaks += sum(map(character.count, "\n\u2028\u2029"))
            if breaks > 1:
                folded[-1] = "\n"
            continue
        ascii_run = character.isascii()
        plain = character if ascii_run else _fold_character(character)
        if (
            breaks == 1
            and plain[:1].islower()
            and folded[-2:] == ["-", " "]
            and "".join(folded[-3:-2]).islower()
        ):
            del folded[-2:], offsets[-2:]
        if plain:
            breaks = 0
        folded.extend(plain)
        offsets.extend(range(offset, offset + len(plain)) if ascii_run else [offset] * len(plain))
    return _Page(text, "".join(folded), offsets)


def _read(page: _Page, lead: re.Match[str]) -> list[tuple[str, int, int]]:
    """Key and folded span of every act that `lead` names: none, one, or the items of an enumeration."""
    folded, plural, vietnamese = page.folded, False, True
    if lead["digits"]:
        number = reference_grammar.NUMBER.match(folded, lead.start())
        if number and int(number["number"]) and (number["sign"] or number["short"] == "NQ"):
            return [(_key(None, number), *number.span())]
        return []
    if lead["code"]:
        kind = reference_grammar.BY_CODE[reference_grammar.LEADING_CODES[lead["code"].upper()]]
    elif lead["kind"]:
        word = reference_grammar.JOINED[lead["kind"].lower().replace(" ", "")]
        kind = reference_grammar.WORDS[word]
        vietnamese = word in reference_grammar.VIETNAMESE
        before = max(0, lead.start() - 6)
        plural = word in reference_grammar.PLURAL or bool(
            reference_grammar.SEVERAL.search(folded, before, lead.start())
        )
    else:
        return []  # an address on the web
    for between in (reference_grammar.DIRECT, reference_grammar.GAP):
        joint = between.match(folded, lead.end())
        if not joint or (joint["word"] and not _is_number_word(page, joint, vietnamese)):
            continue
        if lead["code"] and not joint[0] and kind.code != "NQ":
            continue  # "NQ57", but "ND1" may be anything
        explicit = bool(joint["word"] or (lead["code"] and joint[0] == "-"))
        pattern = reference_grammar.NUMBER_IN_LIST if plural and explicit else reference_grammar.NUMBER
        number = pattern.match(folded, joint.end())
        if number and (kind.bare or explicit or number["sign"]) and _names_an_act(page, number, explicit):
            break
    else:
        return []
    if not explicit and lead[0] == "conclusion" and folded.endswith("In ", 0, lead.start()):
        return []  # "In conclusion 57 ..."
    end = number.end()
    mention = folded[lead.start() : end]
    if mention.count("(") > mention.count(")") and folded.startswith(")", end):
        end += 1
    items = _enumeration(page, number, pattern, plural, vietnamese)
    return [(_key(kind, number), lead.start(), end), *((_key(kind, item), *item.span()) for item in items)]


def _enumeration(
    page: _Page, first: re.Match[str], pattern: re.Pattern[str], plural: bool, vietnamese: bool
) -> list[re.Match[str]]:
    """The numbers that go on an enumeration: "Resolutionen 57, 59 und 68".

    After a singular ("Resolution 57 und 12 ...") an item without number word or sign counts only where the
    list is plain to see: three numbers or more, or nothing behind it that it could count.
    """
    items: list[tuple[re.Match[str], bool]] = []
    position, whole = first.end(), True
    while joint := reference_grammar.NEXT_ITEM.match(page.folded, position):
        explicit = bool(joint["word"]) and _is_number_word(page, joint, vietnamese)
        item = pattern.match(page.folded, joint.end())
        month = item and not explicit and reference_grammar.MONTH.fullmatch(item[0])
        if not item or month or not _names_an_act(page, item, explicit):
            whole = False
            break
        items.append((item, explicit or bool(item["sign"])))
        position = item.end()
    sure = plural or (
        whole and (len(items) > 1 or bool(reference_grammar.LIST_ENDS.match(page.folded, position)))
    )
    return [item for item, marked in items if sure or marked]


def _is_number_word(page: _Page, joint: re.Match[str], vietnamese: bool) -> bool:
    """False for the German and English "so", which folds like "số"."""
    so = joint["word"][:2].lower() == "so"
    return vietnamese or not so or page.word(*joint.span("word"))[:2].lower() == "số"


def _names_an_act(page: _Page, number: re.Match[str], explicit: bool) -> bool:
    value = int(number["number"])
    if not value or (number["letter"] and page.word(*number.span("letter")) in "đĐ"):  # "57đ": money
        return False
    if explicit or any(number[part] for part in ("letter", "year", "sign", "short", "body")):
        return True
    end = number.end()
    date = 1900 <= value <= 2100 or (value <= 31 and reference_grammar.DAY.match(page.folded, end))
    ordinal = value <= 99 and reference_grammar.ORDINAL.match(page.folded, end)
    return not (
        date or ordinal or reference_grammar.SHARE.match(page.folded, end) or _counts(page, value, end)
    )


def _counts(page: _Page, value: int, end: int) -> bool:
    """Whether the words after a bare number make it an amount."""
    if not (words := reference_grammar.NEXT_WORDS.match(page.folded, end)):
        return False
    first = page.word(*words.span("first"))
    second = page.word(*words.span("second")).lower() if words["second"] else ""
    if first.lower() in reference_grammar.QUALIFIERS and second:
        first, second = second, ""
    if first in reference_grammar.UNITS:
        return True
    first = first.lower()
    if first in reference_grammar.DATE_WORDS and second.isdecimal():
        return first == "tháng" and value <= 31
    if first in reference_grammar.COUNTED_PAIRS:
        return second == reference_grammar.COUNTED_PAIRS[first]
    return first in reference_grammar.COUNTED and second not in reference_grammar.NOT_COUNTED_BEFORE.get(
        first, ()
    )


def _key(kind: reference_grammar.Kind | None, number: re.Match[str]) -> str:
    """The sign decides over the kind word. `QĐ` signs regulations and decisions: there the word decides, or
    the issuer, for the bodies of the state sign decisions."""
    code = kind.code if kind else ""
    issuer = (number["issuer"] or number["body"] or "").upper()
    of_state = issuer if reference_grammar.STATE.fullmatch(issuer) else ""
    if sign := number["sign"] or number["short"]:
        signed = reference_grammar.SIGN_CODES[sign.upper()]
        code = "QDI" if signed == "QD" and (code == "QDI" or of_state) else signed
    key = f"{code}-{int(number['number'])}{(number['letter'] or '').upper()}"
    if number["year"]:
        return f"{key}/{int(number['year'])}"
    return f"{key}/{of_state}" if of_state else key
