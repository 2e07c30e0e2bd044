"""HTML: the main text of a page, without what stands around it, found by trafilatura."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.sources.converters import ConversionError, ConvertedFile, MissingExtraError
from indexer.sources.converters.tables import lines

#: Only a day that the page states: a day guessed from its text would be quoted as that of the report.
_DATES = {"extensive_search": False, "original_date": True}


def convert(path: Path) -> ConvertedFile:
    """The main text of a page.

    Raises:
        ConversionError: it is no HTML, or has no main text.
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
    # Of a short page it would take everything, menus too, rather than the little that is its text.
    settings = use_config()
    settings.set("DEFAULT", "MIN_EXTRACTED_SIZE", "1")
    found: Any = trafilatura.bare_extraction(
        tree, include_comments=False, include_tables=True, include_images=False, include_links=False,
        favor_recall=True, deduplicate=False, with_metadata=True, date_extraction_params=_DATES,
        config=settings,
    )  # fmt: skip
    if found is None or found.body is None:
        raise ConversionError("no main text found")
    text = "\n\n".join(_blocks(found.body))
    if not text.strip():
        raise ConversionError("no main text found")
    known = {"title": found.title, "date": found.date, "url": found.url}
    return ConvertedFile(text, {name: str(value) for name, value in known.items() if value})


def _blocks(body: Any) -> list[str]:
    """Paragraphs of trafilatura's own tree: ``head``, ``p``, ``list``, ``table``, ``quote``."""
    blocks: list[str] = []
    for node in body:
        blocks += _block(node)
    return [block for block in blocks if block.strip()]


def _block(node: Any) -> list[str]:
    tag = node.tag
    if tag == "head":
        return [f"## {_text(node)}"]
    if tag == "list":
        return [f"- {_text(item)}" for item in node.iter("item")]
    if tag == "table":
        rows = [[_text(cell) for cell in row.iter("cell")] for row in node.iter("row")]
        return lines(rows)
    if tag in ("div", "quote") and len(node):
        return [block for child in node for block in _block(child)]
    return [_text(node)]


def _text(node: Any) -> str:
    return " ".join("".join(node.itertext()).split())
