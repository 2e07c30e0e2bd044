"""Converter of HTML: the main text of a page, extracted by trafilatura."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.sources.converters import ConversionError, ConvertedFile, MissingExtraError
from indexer.sources.converters.tables import table_lines

#: Only dates that the page states: one guessed from its text would be quoted as the date of the report.
_DATES = {"extensive_search": False, "original_date": True}


def convert(path: Path) -> ConvertedFile:
    """The main text of a page.

    Raises:
        ConversionError: the file is not HTML, or has no main text.
    """
    try:
        import trafilatura
        from trafilatura.settings import use_config
    except ImportError as error:
        raise MissingExtraError("HTML", "html") from error
    data = path.read_bytes()
    if not data.strip():
        raise ConversionError("empty")
    if b"<" not in data[:100_000] or b"\0" in data[:1000].replace(b"\0\0", b""):
        raise ConversionError("not HTML")
    tree = trafilatura.load_html(data)
    if tree is None:
        raise ConversionError("not readable as HTML")
    # Otherwise the menus of a short page would be extracted, too.
    settings = use_config()
    settings.set("DEFAULT", "MIN_EXTRACTED_SIZE", "1")
    extracted: Any = trafilatura.bare_extraction(
        tree, include_comments=False, include_tables=True, include_images=False, include_links=False,
        favor_recall=True, deduplicate=False, with_metadata=True, date_extraction_params=_DATES,
        config=settings,
    )  # fmt: skip
    if extracted is None or extracted.body is None:
        raise ConversionError("no main text")
    text = "\n\n".join(_blocks(extracted.body))
    if not text.strip():
        raise ConversionError("no main text")
    fields = {"title": extracted.title, "date": extracted.date, "url": extracted.url}
    return ConvertedFile(text, {name: str(value) for name, value in fields.items() if value})


def _blocks(node: Any) -> list[str]:
    """The paragraphs in a node of trafilatura's tree: ``head``, ``p``, ``list``, ``table``, ``quote``."""
    return [block for child in node for block in _block(child) if block.strip()]


def _block(node: Any) -> list[str]:
    if node.tag == "head":
        return [f"## {_text(node)}"]
    if node.tag == "list":
        return [f"- {_text(item)}" for item in node.iter("item")]
    if node.tag == "table":
        return table_lines([[_text(cell) for cell in row.iter("cell")] for row in node.iter("row")])
    if node.tag in ("div", "quote") and len(node):
        return _blocks(node)
    return [_text(node)]


def _text(node: Any) -> str:
    return " ".join("".join(node.itertext()).split())
