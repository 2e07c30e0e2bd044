"""Converter of DOCX: paragraphs, headings, lists and tables in their order, read by python-docx."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexer.sources.converters import ConversionError, ConvertedFile, MissingExtraError
from indexer.sources.converters.tables import table_lines

#: Unpacked bytes of a document, and of each of its bytes.
_MAX_UNPACKED, _MAX_RATIO = 300_000_000, 200


def convert(path: Path) -> ConvertedFile:
    """The text and the title of a document.

    Raises:
        ConversionError: the file is not a DOCX, is encrypted or damaged, or has no text.
    """
    try:
        import docx
    except ImportError as error:
        raise MissingExtraError("DOCX", "docx") from error
    _require_docx(path)
    try:
        document = docx.Document(str(path))
        blocks = [block for block in _blocks(document) if block.strip()]
    except Exception as error:  # python-docx and lxml raise many types
        raise ConversionError(f"not a readable DOCX ({type(error).__name__})") from error
    if not blocks:
        raise ConversionError("no text")
    title = " ".join((document.core_properties.title or "").split())
    return ConvertedFile("\n\n".join(blocks), {"title": title} if title else {})


def _require_docx(path: Path) -> None:
    """Check the archive before anything is unpacked."""
    with path.open("rb") as stream:
        signature = stream.read(8)
    if signature.startswith(b"\xd0\xcf\x11\xe0"):
        raise ConversionError("encrypted, or in the old format .doc")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ConversionError("not a DOCX: not a zip archive") from error
    if not any(part.filename == "word/document.xml" for part in parts):
        raise ConversionError("not a DOCX: no word/document.xml")
    unpacked = sum(part.file_size for part in parts)
    limit = min(_MAX_UNPACKED, _MAX_RATIO * max(path.stat().st_size, 10_000))
    if unpacked > limit:
        raise ConversionError(f"unpacks to {unpacked:,} bytes; at most {limit:,} are allowed")


def _blocks(document: Any) -> Iterator[str]:
    for item in document.iter_inner_content():
        if hasattr(item, "rows"):
            yield from table_lines([_cells(row) for row in item.rows])
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
    is_item = "list" in style.lower() or _is_numbered(paragraph)
    return f"- {text}" if is_item and text else text


def _is_numbered(paragraph: Any) -> bool:
    properties = paragraph._p.pPr
    return properties is not None and properties.numPr is not None
