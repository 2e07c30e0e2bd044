"""Text folded to one spelling for matching, with the way back to the original positions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

#: Characters whose folded form is not their compatibility decomposition.
_LETTERS = {"đ": "d", "Đ": "D", "ß": "ss", "ẞ": "SS", "−": "-", "⁄": "/", "∕": "/"}
#: White space, a run of ASCII, or one character that may have to be folded.
_PIECES = re.compile(r"\s+|[\x00-\x08\x0e-\x1b\x21-\x7f]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A text without diacritics, and the position in the original of each of its characters.

    In ``folded``, ``ß`` is ``ss``, ``đ`` is ``d``, every dash ``-``, white space one space, or a newline
    between paragraphs, and a word hyphenated at the end of a line is joined. Case is kept: it
    distinguishes the code CT from other words, and a hectare from Ha Giang.
    """

    original: str
    folded: str
    offsets: list[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original of a span of the folded text, with the combining marks that follow it."""
        first, last = self.offsets[start], self.offsets[end - 1] + 1
        while last < len(self.original) and unicodedata.combining(self.original[last]):
            last += 1
        return first, last

    def original_word(self, start: int, end: int) -> str:
        """The original of a span of the folded text, composed."""
        first, last = self.original_span(start, end)
        return unicodedata.normalize("NFC", self.original[first:last])


def fold_text(text: str) -> FoldedText:
    """Fold a text, in linear time."""
    folded: list[str] = []
    offsets: list[int] = []
    line_breaks = 0  # in the white space before the current piece
    for match in _PIECES.finditer(text):
        offset, piece = match.start(), match[0]
        if piece.isspace():
            line_breaks = _add_space(folded, offsets, offset, piece, line_breaks)
            continue
        is_ascii = piece.isascii()
        plain = piece if is_ascii else _fold_character(piece)
        if line_breaks == 1 and _continues_word(folded, plain):
            del folded[-2:], offsets[-2:]
        if plain:
            line_breaks = 0
        folded.extend(plain)
        offsets.extend(range(offset, offset + len(plain)) if is_ascii else [offset] * len(plain))
    return FoldedText(text, "".join(folded), offsets)


def _add_space(folded: list[str], offsets: list[int], offset: int, piece: str, line_breaks: int) -> int:
    """Add white space to a folded text; returns the number of line breaks it has at its end."""
    if not folded or folded[-1] not in " \n":
        folded.append(" ")
        offsets.append(offset)
        line_breaks = 0
    line_breaks += sum(map(piece.count, "\n\u2028\u2029"))
    if line_breaks > 1:
        folded[-1] = "\n"
    return line_breaks


def _continues_word(folded: list[str], plain: str) -> bool:
    """True if a folded text ends in a word hyphenated before the line break, and ``plain`` continues it."""
    return plain[:1].islower() and folded[-2:] == ["-", " "] and "".join(folded[-3:-2]).islower()


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    category = unicodedata.category(character)
    if category == "Pd":
        return "-"
    if category in ("Cf", "Mn"):  # soft hyphens, zero-width spaces, combining marks
        return ""
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    # A footnote mark or a fraction does not continue the number before it: "57¹" is 57, not 571.
    is_raised = any(map(str.isdigit, plain)) and not character.isdecimal()
    return plain if plain.isascii() and not is_raised else character
