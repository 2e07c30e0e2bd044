"""DOCX: paragraphs, headings, lists and tables in the order of the document, read by python-docx."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexer.sources.converters import ConversionError, ConvertedFile, MissingExtraError
from indexer.sources.converters.tables import lines

#: Bytes that a document may unpack to, and how many times its size.
_LARGEST, _RATIO = 300_000_000, 200


def convert(path: Path) -> ConvertedFile:
    """The text of a document, and its title.

    Raises:
        ConversionError: it is no DOCX, is encrypted or damaged, or holds no text.
    """
    try:
        import docx
    except ImportError as error:
        raise MissingExtraError("DOCX", "docx") from error
    _require_sound(path)
    try:
        document = docx.Document(str(path))
        blocks = [block for block in _blocks(document) if block.strip()]
    except Exception as error:  # the library and the parser below it raise kinds of their own
        raise ConversionError(f"not a readable DOCX ({type(error).__name__})") from error
    if not blocks:
        raise ConversionError("holds no text")
    title = " ".join((document.core_properties.title or "").split())
    return ConvertedFile("\n\n".join(blocks), {"title": title} if title else {})


def _require_sound(path: Path) -> None:
    """Look at the archive before anything of it is unpacked."""
    with path.open("rb") as stream:
        begin = stream.read(8)
    if begin.startswith(b"\xd0\xcf\x11\xe0"):
        raise ConversionError("encrypted, or of the old format .doc")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ConversionError("not a DOCX: no zip archive") from error
    if not any(part.filename == "word/document.xml" for part in parts):
        raise ConversionError("not a DOCX: no word/document.xml in it")
    whole = sum(part.file_size for part in parts)
    if whole > _LARGEST or whole > _RATIO * max(path.stat().st_size, 10_000):
        raise ConversionError(f"unpacks to {whole:,} bytes, which is too much")


def _blocks(document: Any) -> Iterator[str]:
    for item in document.iter_inner_content():
        if hasattr(item, "rows"):
            # A merged cell is listed once for each column it goes over.
            yield from lines([_cells(row) for row in item.rows])
        else:
            yield _paragraph(item)


def _cells(row: Any) -> list[str]:
    return [" ".join(cell.text.split()) for cell in row.cells]


def _paragraph(paragraph: Any) -> str:
    text = " ".join(paragraph.text.split())
    style = (paragraph.style.name if paragraph.style is not None else "") or ""
    level = re.fullmatch(
        r"(?:Heading|Überschrift|Title|Titel|Subtitle|Untertitel)\s*(\d*)", style, re.IGNORECASE
    )
    if level and text:
        return f"{'#' * min(6, int(level[1] or 1))} {text}"
    listed = "list" in style.lower() or _numbered(paragraph)
    return f"- {text}" if listed and text else text


def _numbered(paragraph: Any) -> bool:
    properties = paragraph._p.pPr
    return properties is not None and properties.numPr is not None
