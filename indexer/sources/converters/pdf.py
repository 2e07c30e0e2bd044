"""PDF with a text layer, read by PDFium: lines to paragraphs, running titles out, column after column."""

from __future__ import annotations

import ctypes
import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.sources.converters import ConversionError, ConvertedFile, MissingExtraError

#: Pages that are read.
_MOST_PAGES = 5000
#: Share of a page's height, above and below, that is margin; and on what share of the pages a line must stand
#: there to be a running title.
_MARGIN, _RUNNING = 0.1, 0.6
#: A line of letters so many times the usual size is a heading.
_HEADING_SIZE = 1.15
#: So many times the usual distance of lines begins a paragraph.
_PARAGRAPH_GAP = 1.3
#: A line of so much of the longest is not cut by the edge of its column.
_FULL = 0.7
#: What PDFium gives for a hyphen at the end of a line.
_HYPHEN = "\x02\ufffe\u00ad"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: where it begins and ends, its baseline, and the size of its letters, all in points
    from the lower left corner."""

    text: str
    left: float
    right: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True)
class Page:
    """Lines in the order of reading, and the page's width and height in points."""

    lines: list[Line]
    width: float
    height: float


def convert(path: Path) -> ConvertedFile:
    """The text of a PDF, and its title.

    Raises:
        ConversionError: it is no PDF, needs a password, is damaged, or is a scan without text.
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
        pages = [_page(document[number], pdfium.raw) for number in range(min(len(document), _MOST_PAGES))]
        fields = document.get_metadata_dict(skip_empty=True)
    if not any(page.lines for page in pages):
        raise ConversionError("a scan, or nothing but pictures: there is no text layer")
    text = "\n\n".join(_paragraphs(_without_running(pages)))
    title = " ".join(fields.get("Title", "").split())
    return ConvertedFile(text, {"title": title} if title and not _of_program(title) else {})


def _of_program(title: str) -> bool:
    """Whether a title is only the name of the file that a program printed."""
    named = re.search(r"\.(?:docx?|indd|odt|pdf|tmp)$|^Microsoft Word|^untitled$", title, re.IGNORECASE)
    return named is not None


def _page(page: Any, raw: Any) -> Page:
    text = page.get_textpage()
    width, height = page.get_size()
    lines = [line for line in _lines(text, raw) if line.text]
    return Page(_by_column(lines, width), width, height)


def _lines(text: Any, raw: Any) -> Iterator[Line]:
    """Lines as PDFium tells their ends, cut where letters jump to another place of the page."""
    begun: list[str] = []
    left = right = baseline = size = 0.0
    box = [ctypes.c_double() for _ in range(4)]
    x, y = ctypes.c_double(), ctypes.c_double()
    for number in range(text.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(text, number))
        if letter in "\r\n":
            yield Line(_folded(begun), left, right, baseline, size)
            begun = []
            continue
        if letter in _HYPHEN or raw.FPDFText_IsHyphen(text, number) == 1:
            letter = "-"
        raw.FPDFText_GetCharOrigin(text, number, x, y)
        raw.FPDFText_GetCharBox(text, number, *box)
        # Where a word is cut at the end of a line, PDFium tells no end of it.
        jumped = begun and (abs(y.value - baseline) > size / 2 or x.value < left - size)
        if jumped and not letter.isspace():
            yield Line(_folded(begun), left, right, baseline, size)
            begun = []
        if not begun:
            if letter.isspace():
                continue
            left, baseline = x.value, y.value
            right = left
            size = raw.FPDFText_GetFontSize(text, number) * _scale(text, raw, number)
        begun.append(letter)
        right = max(right, box[1].value)
    yield Line(_folded(begun), left, right, baseline, size)


def _scale(text: Any, raw: Any, number: int) -> float:
    """How many times larger letters are drawn than their font says."""
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(text, number, matrix):
        return 1.0
    return float(max(abs(matrix.d), abs(matrix.b))) or 1.0


def _folded(letters: Sequence[str]) -> str:
    return " ".join("".join(letters).split())


def _by_column(lines: list[Line], width: float) -> list[Line]:
    """Two columns are read one after the other; what goes over both stays where it stands."""
    middle, edge = width / 2, 0.02 * width
    left = [line for line in lines if line.right <= middle + edge]
    right = [line for line in lines if line.left >= middle - edge]
    over = [line for line in lines if line.left < middle - edge and line.right > middle + edge]
    fewer = min(len(left), len(right))
    beside = sum(any(abs(other.baseline - line.baseline) < line.size for other in right) for line in left)
    if fewer < 5 or beside < fewer / 2 or len(over) > len(lines) / 3:
        return lines
    ordered: list[Line] = []
    above = float("inf")
    # Bands between the lines that go over both columns, from above.
    for wide in [*sorted(over, key=_from_above), None]:
        below = wide.baseline if wide else float("-inf")
        for column in (left, right):
            ordered += sorted((line for line in column if below < line.baseline <= above), key=_from_above)
        if wide:
            ordered.append(wide)
        above = below
    return ordered


def _from_above(line: Line) -> float:
    return -line.baseline


def _without_running(pages: Sequence[Page]) -> Iterator[list[Line]]:
    """Lines of the pages without the titles and numbers that run along their edges."""
    written = [page for page in pages if page.lines]
    counts = Counter(
        key for page in written for key in {_running(line) for line in page.lines if _in_margin(line, page)}
    )
    repeated = {key for key, count in counts.items() if count >= max(2, _RUNNING * len(written))}
    for page in written:
        yield [
            line
            for line in page.lines
            if not (_in_margin(line, page) and (_running(line) in repeated or _is_number(line)))
        ]


def _in_margin(line: Line, page: Page) -> bool:
    return not _MARGIN * page.height < line.baseline < (1 - _MARGIN) * page.height


def _running(line: Line) -> str:
    """A line with its figures made alike: page numbers go up."""
    return re.sub(r"\d+", "0", line.text)


def _is_number(line: Line) -> bool:
    number = r"[-–—\s]*(?:(?:Seite|Page|Trang)\s*)?\d{1,4}(?:\s*(?:/|von|of)\s*\d{1,4})?[-–—\s]*"
    return re.fullmatch(number, line.text, re.IGNORECASE) is not None


def _paragraphs(pages: Iterator[list[Line]]) -> Iterator[str]:
    lines = [line for page in pages for line in page]
    letters = Counter[float]()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    usual = letters.most_common(1)[0][0] if letters else 0.0
    steps = [a.baseline - b.baseline for a, b in itertools.pairwise(lines)]
    leading = statistics.median([step for step in steps if 0 < step < 4 * usual] or [1.2 * usual])
    reach = max((line.right - line.left for line in lines), default=0.0)
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and _begins(paragraph[-1], line, usual, leading, reach):
            yield _told(paragraph, usual)
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield _told(paragraph, usual)


def _begins(last: Line, line: Line, usual: float, leading: float, reach: float) -> bool:
    """Whether a line begins a paragraph; ``reach``: how long lines are at most."""
    if _is_heading(last, usual) != _is_heading(line, usual):
        return True
    if re.match(r"[-•*–]\s|\d{1,2}[.)]\s", line.text):
        return True
    step = last.baseline - line.baseline
    if step < 0:
        # On a new column or page a sentence may go on, after a line that was full.
        return (
            last.right - last.left < _FULL * reach
            or re.search(r"[.!?:…][\"“”’»)\]]*$", last.text) is not None
        )
    return step > _PARAGRAPH_GAP * max(leading, line.size if _is_heading(line, usual) else 0.0)


def _is_heading(line: Line, usual: float) -> bool:
    return line.size > _HEADING_SIZE * usual and len(line.text) <= 200


def _told(lines: Sequence[Line], usual: float) -> str:
    text = lines[0].text
    for line in lines[1:]:
        # A word cut at the end of a line is whole again; "Bildungs- und" keeps its hyphen.
        cut = re.search(r"[^\W\d_]{2}-$", text) and re.match(r"[a-zäöüß]", line.text)
        goes_on = cut and not re.match(r"(?:und|oder|sowie|bzw|and|or)\b", line.text)
        text = text[:-1] + line.text if goes_on else f"{text} {line.text}"
    return f"## {text}" if _is_heading(lines[0], usual) else re.sub(r"^[•*–]\s", "- ", text)
