"""Cleaning: raw text to canonical text, by removing boilerplate and folding white space.

The canonical text has one paragraph a line. Nothing is rewritten, so every quotation can be found in the file
(white space folded).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Whole lines, after folding, that belong to the web page and not to the report.
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
#: Captions of pictures: closed by the layout's bar, or by the photographer's credit.
_CAPTION = re.compile(
    r"(?:[^|]{1,240}\|)|(?:.{1,240}[-–—(]\s*(?:foto|photo|ảnh|bild)s?\s*:\s*[^)]{1,40}\)?)", re.I
)
#: Credits if names follow ("Text und Fotos: AB"), otherwise a sentence of the report.
_CREDITS = re.compile(
    r"""(?:neuigkeiten|news|text|artikel|bericht|tin(?:,\ bài)?)\s*(?:,|und|and|&|và)?\s*
        (?:fotos?|photos?|ảnh|bilder)?\s*:\s*(?P<names>.{1,40})""",
    re.IGNORECASE | re.VERBOSE,
)
#: One to four names. Alone on a line they are an author's only right before the source.
_NAMES = re.compile(r"(?:[^\W\d_][\w.'-]*\s+){0,3}[^\W\d_](?:[\w'-]*|\.)")

_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*)")
_BLOCK_MARKER = re.compile(r"\s*(?:>\s*|[-*+•]\s+)+")
_INLINE_MARKUP = re.compile(r"(\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w))")
#: A link up to its target, and what may follow the target: a title, and the bracket that closes the link.
_LINK_OPENING = re.compile(r"!?\[([^\[\]]*+)\]\(")
_TARGET_END = re.compile(r"[)\s]")
_LINK_END = re.compile(r"(?:\s++\"[^\"]*+\")?\)")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}")


def clean(text: str, media_type: str = "text/plain") -> str:
    """The canonical text of a raw one; empty if there is only boilerplate.

    Markdown loses its markup (headings, lists, quotations, emphasis, link targets) and keeps its words.
    """
    markdown = media_type == "text/markdown"
    if markdown:
        text = _without_comments(text)
    lines = [fold_line(line) for line in _lines(text, markdown)]
    return "\n".join(_without_boilerplate([line for line in lines if line]))


def headings(text: str, canonical: str) -> list[str]:
    """The headings of a Markdown text that are paragraphs of its canonical text."""
    paragraphs = set(canonical.split("\n"))
    lines = _without_comments(text).splitlines()
    found = (fold_line(_without_markup(heading)) for line in lines if (heading := _heading(line)) is not None)
    return [heading for heading in found if heading in paragraphs]


def _lines(text: str, markdown: bool) -> Iterator[str]:
    """The paragraphs of Markdown without its markup, or the lines of another text."""
    if not markdown:
        yield from text.splitlines()
        return
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        heading = _heading(line)
        is_rule = _RULE.fullmatch(line) is not None
        starts_block = heading is not None or bool(_BLOCK_MARKER.match(line)) or line.lstrip().startswith("|")
        if paragraph and (starts_block or is_rule or not line.strip()):
            # The lines of one Markdown paragraph are one paragraph; a line break in it is a space.
            yield " ".join(paragraph)
            paragraph = []
        if heading is not None:
            yield _without_markup(heading)
        elif line.strip() and not is_rule:
            paragraph.append(_without_markup(_BLOCK_MARKER.sub("", line, count=1) if starts_block else line))


def _heading(line: str) -> str | None:
    match = _HEADING.fullmatch(line)
    if match is None:
        return None
    heading = match[1].rstrip()
    # "## Ergebnisse ##" has closing marks, "## Programme in C#" has not.
    opened = heading.rstrip("#")
    return opened.rstrip() if not opened or opened[-1].isspace() else heading


def _without_markup(line: str) -> str:
    # Twice, for an image in a link: [![Bild](a.png)](b.html)
    return _INLINE_MARKUP.sub("", _without_links(_without_links(line)))


def _without_comments(text: str) -> str:
    """A text with a blank in place of each comment; linear, also where comments are not closed."""
    parts: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts += [text[position:start], " "]
        position = end + 3
    return "".join([*parts, text[position:]])


def _without_links(line: str) -> str:
    """A line with the words of each link in place of it.

    Linear: many links that are not closed have the same end of their target, which is examined only once.
    """
    parts: list[str] = []
    position, target_end, link_end = 0, -1, -1
    for opening in _LINK_OPENING.finditer(line):
        if opening.start() < position:
            continue  # inside the target of the link before
        if target_end < opening.end():
            target = _TARGET_END.search(line, opening.end())
            if target is None:
                break
            target_end = target.start()
            end = _LINK_END.match(line, target_end)
            link_end = end.end() if end else -1
        if link_end >= 0:
            parts += [line[position : opening.start()], opening[1]]
            position = link_end
    return "".join([*parts, line[position:]])


#: Control, format and surrogate characters.
_DROPPED_CATEGORIES = frozenset(("Cc", "Cf", "Cs"))
#: Kept: emoji are built with them.
_JOINERS = "\u200c\u200d"


def fold_line(line: str) -> str:
    """A line with each run of white space as one space, without control and zero-width characters."""
    # Most lines have nothing to drop, which this test finds out fast.
    if not line.isprintable():
        line = "".join(" " if character.isspace() else character for character in line if _is_kept(character))
    return re.sub(r" {2,}", " ", line).strip(f" {_JOINERS}")


def _is_kept(character: str) -> bool:
    return (
        character.isspace()
        or character in _JOINERS
        or unicodedata.category(character) not in _DROPPED_CATEGORIES
    )


def _without_boilerplate(lines: list[str]) -> list[str]:
    kept: list[str] = []
    # From the end: a name is an author's only if nothing but boilerplate follows.
    only_boilerplate = False
    for number, line in enumerate(reversed(lines)):
        # The patterns are composed. The text need not be, and stays as it is.
        composed = unicodedata.normalize("NFC", line)
        is_boilerplate = _is_boilerplate(composed)
        is_byline = only_boilerplate and len(composed) <= 40 and _are_names(composed, least=2)
        if not (is_boilerplate or is_byline or _is_caption(composed)):
            kept.append(line)
        only_boilerplate = is_boilerplate and (only_boilerplate or number == 0)
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
