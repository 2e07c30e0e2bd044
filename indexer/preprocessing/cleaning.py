"""Raw text to canonical text: boilerplate out, white space folded, nothing rewritten.

The canonical text has one paragraph a line. What is left of a line stands in the file as it is, so a
quotation can be found there again (white space folded).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Lines that belong to the web page, not to the report. They are matched whole, after folding.
_BOILERPLATE = re.compile(
    r"""
      (?:kommentare?|comments?|bình\ luận)\s*\(\s*\d+\s*\)
    | \[\s*(?:anzeige|ads?|advertisement|quảng\ cáo)[_ ]?\d*\s*\]
    | (?:quellen?|sources?|nguồn)\s*:?(?:\s*https?://\S+)?
    | https?://\S+ | www\.\S+
    | (?:\d{1,2}:\d{2}(?:\s*uhr)?\s*,?\s*)\d{1,2}[./-]\d{1,2}[./-]\d{4}      # time stamp of the page
    | \d{1,2}[./-]\d{1,2}[./-]\d{4}(?:\s*,?\s*\d{1,2}:\d{2})?
    | (?:fotos?|photos?|ảnh|bild(?:er)?)\s*:\s*.{1,60}
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: A picture's caption: closed by a bar in the layout, or by the photographer's credit.
_CAPTION = re.compile(
    r"(?:[^|]{1,240}\|)|(?:.{1,240}[-–—(]\s*(?:foto|photo|ảnh|bild)s?\s*:\s*[^)]{1,40}\)?)", re.I
)
#: Credits are followed by names: "Text und Fotos: AB". After anything else it is a sentence of the report.
_CREDITS = re.compile(
    r"""(?:neuigkeiten|news|text|artikel|bericht|tin(?:,\ bài)?)\s*(?:,|und|and|&|và)?\s*
        (?:fotos?|photos?|ảnh|bilder)?\s*:\s*(?P<names>.{1,40})""",
    re.IGNORECASE | re.VERBOSE,
)
#: Strings, as of an author alone on a line; only taken for one right before the source.
_NAMES = re.compile(r"(?:[^\W\d_][\w.'-]*\s+){0,3}[^\W\d_](?:[\w'-]*|\.)")

_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*)")
_BLOCK_MARK = re.compile(r"\s*(?:>\s*|[-*+•]\s+)+")
_INLINE_MARK = re.compile(r"(\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w))")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def clean(text: str, media_type: str = "text/plain") -> str:
    """Return the canonical text of a raw one; it may be empty when there was nothing but boilerplate.

    Markdown loses its marks (heading, list, quotation, emphasis, link targets) and keeps its words.
    """
    markdown = media_type == "text/markdown"
    if markdown:
        text = _COMMENT.sub(" ", text)
    lines = [fold_line(line) for line in _lines(text, markdown)]
    return "\n".join(_without_boilerplate([line for line in lines if line]))


def headings(text: str) -> list[str]:
    """The headings of a Markdown text as they stand in its canonical text."""
    canonical = set(clean(text, "text/markdown").split("\n"))
    lines = _COMMENT.sub(" ", text).splitlines()
    found = (fold_line(_plain(heading)) for line in lines if (heading := _heading(line)) is not None)
    return [heading for heading in found if heading in canonical]


def _lines(text: str, markdown: bool) -> Iterator[str]:
    if not markdown:
        yield from text.splitlines()
        return
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        heading = _heading(line)
        rule = _RULE.fullmatch(line) is not None
        starts = heading is not None or bool(_BLOCK_MARK.match(line)) or line.lstrip().startswith("|")
        if paragraph and (starts or rule or not line.strip()):
            # Lines of one Markdown paragraph are one paragraph; a line break there is a space.
            yield " ".join(paragraph)
            paragraph = []
        if heading is not None:
            yield _plain(heading)
        elif line.strip() and not rule:
            paragraph.append(_plain(_BLOCK_MARK.sub("", line, count=1) if starts else line))


def _heading(line: str) -> str | None:
    match = _HEADING.fullmatch(line)
    if match is None:
        return None
    heading = match[1].rstrip()
    # "## Ergebnisse ##" is closed by marks, "## Programme in C#" is not.
    opened = heading.rstrip("#")
    return opened.rstrip() if not opened or opened[-1].isspace() else heading


def _plain(line: str) -> str:
    # Twice, for the picture in a link: [![Bild](a.png)](b.html)
    return _INLINE_MARK.sub("", _LINK.sub(r"\1", _LINK.sub(r"\1", line)))


def fold_line(line: str) -> str:
    """White space to single spaces; control and zero-width characters out."""
    # Most lines have nothing to drop, which is seen at a glance.
    kept = (
        line
        if line.isprintable()
        else "".join(
            " " if character.isspace() else character
            for character in line
            if character.isspace()
            or character in "\u200c\u200d"
            or unicodedata.category(character) not in _DROPPED
        )
    )
    return re.sub(r" {2,}", " ", kept).strip(" \u200c\u200d")


#: Control, format and surrogate characters. The joiners are kept: emoji are built with them.
_DROPPED = frozenset(("Cc", "Cf", "Cs"))


def _without_boilerplate(lines: list[str]) -> list[str]:
    kept: list[str] = []
    # From the end, since a name is an author's only where nothing but the page's own lines follows.
    closing = False
    for number, line in enumerate(reversed(lines)):
        # The patterns are composed; the text need not be, and stays as it is.
        composed = unicodedata.normalize("NFC", line)
        own = _is_boilerplate(composed)
        byline = closing and len(composed) <= 40 and _are_names(composed, least=2)
        if not (own or byline or _is_caption(composed)):
            kept.append(line)
        closing = own and (closing or number == 0)
    return kept[::-1]


def _is_boilerplate(line: str) -> bool:
    if len(line) > 300:
        return False
    credits = _CREDITS.fullmatch(line)
    return _BOILERPLATE.fullmatch(line) is not None or (credits is not None and _are_names(credits["names"]))


def _is_caption(line: str) -> bool:
    return len(line) <= 300 and _CAPTION.fullmatch(line) is not None


def _are_names(text: str, least: int = 1) -> bool:
    words = text.split()
    named = _NAMES.fullmatch(text) is not None and all(word[0].isupper() for word in words)
    return named and len(words) >= least
