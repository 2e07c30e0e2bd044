"""Layout of the pages of a PDF: reading order, running titles, headings and paragraphs."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: Share of a page's height that is margin, above and below.
_MARGIN = 0.1
#: Share of the pages that have a running title in their margin.
_RUNNING_SHARE = 0.6
#: Font size of a heading by the usual one.
_HEADING_SIZE = 1.15
#: Distance of lines that begins a paragraph by the usual one.
_PARAGRAPH_GAP = 1.3
#: Length of a full line by the longest one.
_FULL_LINE = 0.7


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page; in points, positions from the lower left corner."""

    text: str
    left: float
    right: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page in reading order, and its width and height in points."""

    lines: list[Line]
    width: float
    height: float


def in_reading_order(lines: list[Line], width: float) -> list[Line]:
    """Lines with two columns one after the other; lines over both columns stay where they are."""
    columns = _columns(lines, width)
    if columns is None:
        return lines
    left, right, wide_lines = columns
    ordered: list[Line] = []
    top = float("inf")
    # From above, one band after another between the wide lines.
    for wide in [*sorted(wide_lines, key=_from_above), None]:
        bottom = wide.baseline if wide else float("-inf")
        for column in (left, right):
            ordered += sorted((line for line in column if bottom < line.baseline <= top), key=_from_above)
        if wide:
            ordered.append(wide)
        top = bottom
    return ordered


def _columns(lines: Sequence[Line], width: float) -> tuple[list[Line], list[Line], list[Line]] | None:
    """The lines of the left and right column and those over both, or ``None`` on a page with one column."""
    middle, tolerance = width / 2, 0.02 * width
    left = [line for line in lines if line.right <= middle + tolerance]
    right = [line for line in lines if line.left >= middle - tolerance]
    wide = [line for line in lines if line.left < middle - tolerance and line.right > middle + tolerance]
    fewer = min(len(left), len(right))
    beside = sum(any(abs(other.baseline - line.baseline) < line.size for other in right) for line in left)
    if fewer < 5 or beside < fewer / 2 or len(wide) > len(lines) / 3:
        return None
    return left, right, wide


def _from_above(line: Line) -> float:
    return -line.baseline


def without_running_titles(pages: Sequence[Page]) -> Iterator[list[Line]]:
    """The lines of each page without the running titles and page numbers in its margins."""
    with_text = [page for page in pages if page.lines]
    counts = Counter(
        title
        for page in with_text
        for title in {_without_digits(line) for line in page.lines if _in_margin(line, page)}
    )
    least = max(2, _RUNNING_SHARE * len(with_text))
    running = {title for title, count in counts.items() if count >= least}
    for page in with_text:
        yield [
            line
            for line in page.lines
            if not (_in_margin(line, page) and (_without_digits(line) in running or _is_page_number(line)))
        ]


def _in_margin(line: Line, page: Page) -> bool:
    return not _MARGIN * page.height < line.baseline < (1 - _MARGIN) * page.height


def _without_digits(line: Line) -> str:
    """The text of a line with every number as 0, since page numbers differ."""
    return re.sub(r"\d+", "0", line.text)


def _is_page_number(line: Line) -> bool:
    number = r"[-–—\s]*(?:(?:Seite|Page|Trang)\s*)?\d{1,4}(?:\s*(?:/|von|of)\s*\d{1,4})?[-–—\s]*"
    return re.fullmatch(number, line.text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class _Layout:
    """The usual font size and distance of lines of a document, and the length of its longest line."""

    size: float
    leading: float
    longest: float

    @classmethod
    def of(cls, lines: Sequence[Line]) -> _Layout:
        letters = Counter[float]()
        for line in lines:
            letters[round(line.size, 1)] += len(line.text)
        size = letters.most_common(1)[0][0] if letters else 0.0
        steps = [a.baseline - b.baseline for a, b in itertools.pairwise(lines)]
        leading = statistics.median([step for step in steps if 0 < step < 4 * size] or [1.2 * size])
        return cls(size, leading, max((line.right - line.left for line in lines), default=0.0))

    def is_heading(self, line: Line) -> bool:
        return line.size > _HEADING_SIZE * self.size and len(line.text) <= 200


def paragraphs(pages: Iterable[list[Line]]) -> Iterator[str]:
    """The paragraphs, headings and items of the lines of all pages, as Markdown."""
    lines = [line for page in pages for line in page]
    layout = _Layout.of(lines)
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and _begins_paragraph(paragraph[-1], line, layout):
            yield _markdown(paragraph, layout)
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield _markdown(paragraph, layout)


def _begins_paragraph(last: Line, line: Line, layout: _Layout) -> bool:
    if layout.is_heading(last) != layout.is_heading(line):
        return True
    if re.match(r"[-•*–]\s|\d{1,2}[.)]\s", line.text):
        return True
    step = last.baseline - line.baseline
    if step < 0:
        # A sentence may continue in a new column or page, after a full line.
        return (
            last.right - last.left < _FULL_LINE * layout.longest
            or re.search(r"[.!?:…][\"“”’»)\]]*$", last.text) is not None
        )
    return step > _PARAGRAPH_GAP * max(layout.leading, line.size if layout.is_heading(line) else 0.0)


def _markdown(lines: Sequence[Line], layout: _Layout) -> str:
    """A paragraph, heading or item of a list."""
    text = lines[0].text
    for line in lines[1:]:
        # A hyphenated word is joined; "Bildungs- und" keeps its hyphen.
        is_hyphenated = re.search(r"[^\W\d_]{2}-$", text) and re.match(r"[a-zäöüß]", line.text)
        is_joined = is_hyphenated and not re.match(r"(?:und|oder|sowie|bzw|and|or)\b", line.text)
        text = text[:-1] + line.text if is_joined else f"{text} {line.text}"
    return f"## {text}" if layout.is_heading(lines[0]) else re.sub(r"^[•*–]\s", "- ", text)
