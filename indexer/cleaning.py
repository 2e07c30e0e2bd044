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
    | (?:neuigkeiten|news|text|artikel|bericht|tin(?:,\ bài)?)\s*(?:und|and|&|và)?\s*(?:fotos?|photos?|ảnh|bilder)?
      \s*:\s*[\w.\- ]{1,40}                                                   # credits: "Text und Fotos: AB"
    | (?:fotos?|photos?|ảnh|bild(?:er)?)\s*:\s*.{1,60}
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: A picture's caption: closed by a bar in the layout, or by the photographer's credit.
_CAPTION = re.compile(r"(?:[^|]{1,240}\|)|(?:.{1,240}[-–—(]\s*(?:foto|photo|ảnh|bild)s?\s*:\s*.{1,40})", re.I)
#: The name of an author alone on a line, only taken for one right before the source or the end.
_BYLINE = re.compile(r"(?:[A-ZÀ-ỸĐ][\w'-]*)(?:\s+[A-ZÀ-ỸĐ][\w'-]*){1,3}")

_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*")
_BLOCK_MARK = re.compile(r"\s*(?:>\s*|[-*+•]\s+)+")
_INLINE_MARK = re.compile(r"(\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w))")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def clean(text: str, media_type: str = "text/plain") -> str:
    """Return the canonical text of a raw one; it may be empty when there was nothing but boilerplate.

    Markdown loses its marks (heading, list, quotation, emphasis, link targets) and keeps its words.
    """
    markdown = media_type == "text/markdown"
    if markdown:
        text = _COMMENT.sub(" ", text)
    lines = [_fold(line) for line in _lines(text, markdown)]
    lines = [line for line in lines if line]
    return "\n".join(line for i, line in enumerate(lines) if not _is_boilerplate(line, lines[i + 1 :]))


def headings(text: str) -> list[str]:
    """The headings of a Markdown text as they stand in its canonical text."""
    matches = (_HEADING.fullmatch(line) for line in text.splitlines())
    return [heading for match in matches if match and (heading := _fold(_plain(match[1])))]


def _lines(text: str, markdown: bool) -> Iterator[str]:
    if not markdown:
        yield from text.splitlines()
        return
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        heading = _HEADING.fullmatch(line)
        starts = bool(heading or _BLOCK_MARK.match(line) or line.lstrip().startswith("|"))
        if paragraph and (starts or not line.strip()):
            # Lines of one Markdown paragraph are one paragraph; a line break there is a space.
            yield " ".join(paragraph)
            paragraph = []
        if heading:
            yield _plain(heading[1])
        elif line.strip() and not _RULE.fullmatch(line):
            paragraph.append(_plain(_BLOCK_MARK.sub("", line, count=1) if starts else line))


def _plain(line: str) -> str:
    return _INLINE_MARK.sub("", _LINK.sub(r"\1", line))


def _fold(line: str) -> str:
    """White space to single spaces; control and zero-width characters out."""
    kept = "".join(
        " " if character.isspace() else character
        for character in line
        if character.isspace()
        or character in "\u200c\u200d"
        or unicodedata.category(character) not in _DROPPED
    )
    return re.sub(r" {2,}", " ", kept).strip()


#: Control, format and surrogate characters. The joiners are kept: emoji are built with them.
_DROPPED = frozenset(("Cc", "Cf", "Cs"))


def _is_boilerplate(line: str, following: list[str]) -> bool:
    if len(line) <= 300 and (_BOILERPLATE.fullmatch(line) or _CAPTION.fullmatch(line)):
        return True
    # "Truc Phuong" at the end of an article is its author, elsewhere it may be a heading.
    closing = all(_BOILERPLATE.fullmatch(other) for other in following)
    return bool(following) and closing and len(line) <= 40 and bool(_BYLINE.fullmatch(line))
