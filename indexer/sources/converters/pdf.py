"""Converter of PDF with a text layer, read by PDFium; `pdf_layout` makes paragraphs of its lines."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from indexer.sources.converters import ConversionError, ConvertedFile, MissingExtraError
from indexer.sources.converters.pdf_layout import (
    Line,
    Page,
    in_reading_order,
    paragraphs,
    without_running_titles,
)

_MAX_PAGES = 5000
#: The characters that PDFium returns for a hyphen at the end of a line.
_HYPHENS = "\x02\ufffe\u00ad"


def convert(path: Path) -> ConvertedFile:
    """The text and the title of a document.

    Raises:
        ConversionError: the file is not a PDF, needs a password, is damaged, or is a scan without text.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingExtraError("PDF", "pdf") from error
    pdfium: Any = pypdfium2
    if path.stat().st_size == 0:
        raise ConversionError("empty")
    with path.open("rb") as stream:
        if b"%PDF-" not in stream.read(1024):
            raise ConversionError("not a PDF")
    try:
        document = pdfium.PdfDocument(str(path))
    except pdfium.PdfiumError as error:
        reason = "needs a password" if "password" in str(error).lower() else "damaged or cut off"
        raise ConversionError(f"PDF {reason}") from error
    with document:
        pages = [_page(document[number], pdfium.raw) for number in range(min(len(document), _MAX_PAGES))]
        fields = document.get_metadata_dict(skip_empty=True)
    if not any(page.lines for page in pages):
        raise ConversionError("a scan, or only pictures: no text layer")
    text = "\n\n".join(paragraphs(without_running_titles(pages)))
    title = " ".join(fields.get("Title", "").split())
    return ConvertedFile(text, {"title": title} if title and not _is_file_name(title) else {})


def _is_file_name(title: str) -> bool:
    """True if a title is only the name of the file that the PDF was made from."""
    match = re.search(r"\.(?:docx?|indd|odt|pdf|tmp)$|^Microsoft Word|^untitled$", title, re.IGNORECASE)
    return match is not None


def _page(page: Any, raw: Any) -> Page:
    text = page.get_textpage()
    width, height = page.get_size()
    lines = list(_lines(_letters(text, raw), lambda number: _font_size(text, raw, number)))
    return Page(in_reading_order(lines, width), width, height)


class _Letter(NamedTuple):
    """A character with its origin, right edge, and number on the page; a line break has no position."""

    character: str
    number: int
    left: float = 0.0
    right: float = 0.0
    baseline: float = 0.0


def _letters(text: Any, raw: Any) -> Iterator[_Letter]:
    """The characters of a page in the order of PDFium."""
    box = [ctypes.c_double() for _ in range(4)]
    x, y = ctypes.c_double(), ctypes.c_double()
    for number in range(text.count_chars()):
        character = chr(raw.FPDFText_GetUnicode(text, number))
        if character in "\r\n":
            yield _Letter(character, number)
            continue
        if character in _HYPHENS or raw.FPDFText_IsHyphen(text, number) == 1:
            character = "-"
        raw.FPDFText_GetCharOrigin(text, number, x, y)
        raw.FPDFText_GetCharBox(text, number, *box)
        yield _Letter(character, number, x.value, box[1].value, y.value)


def _font_size(text: Any, raw: Any, number: int) -> float:
    """The size in points in which a character is drawn: that of its font, scaled."""
    size: float = raw.FPDFText_GetFontSize(text, number)
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(text, number, matrix):
        return size
    return size * (float(max(abs(matrix.d), abs(matrix.b))) or 1.0)


def _lines(letters: Iterable[_Letter], font_size: Callable[[int], float]) -> Iterator[Line]:
    """The lines of a page: they end at line breaks, and where letters jump to another place.

    PDFium has no line break where a word is hyphenated at the end of a line.
    """
    line: list[_Letter] = []
    size = 0.0
    for letter in letters:
        is_break = letter.character in "\r\n"
        if line and (is_break or _is_elsewhere(letter, line[0], size)):
            yield _line(line, size)
            line = []
        if is_break or (not line and letter.character.isspace()):
            continue
        if not line:
            size = font_size(letter.number)
        line.append(letter)
    if line:
        yield _line(line, size)


def _is_elsewhere(letter: _Letter, first: _Letter, size: float) -> bool:
    """True if a letter is not in the line that begins with ``first``."""
    jumps = abs(letter.baseline - first.baseline) > size / 2 or letter.left < first.left - size
    return jumps and not letter.character.isspace()


def _line(letters: Sequence[_Letter], size: float) -> Line:
    text = " ".join("".join(letter.character for letter in letters).split())
    first = letters[0]
    right = max(first.left, *(letter.right for letter in letters))
    return Line(text, first.left, right, first.baseline, size)
