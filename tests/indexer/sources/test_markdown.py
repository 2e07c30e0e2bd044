"""Reader of Markdown files with front matter."""

import codecs
from pathlib import Path

import pytest

from indexer.documents import RawDocument
from indexer.sources.markdown import read


def document(folder: Path, content: str | bytes) -> RawDocument:
    """The document of a Markdown file."""
    path = folder / "a.md"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    [raw] = read(path, "a.md")
    return raw


def test_front_matter_becomes_fields_in_lower_case(tmp_path: Path) -> None:
    raw = document(
        tmp_path, "---\nTitle: Ein Titel\ndate: 2025-03-17\nempty:\nnumber: 57\n---\n\n# Kopf\n\nText.\n"
    )
    assert raw.fields == {"title": "Ein Titel", "date": "2025-03-17", "number": "57"}
    assert raw.text.strip() == "# Kopf\n\nText."
    assert raw.media_type == "text/markdown"


@pytest.mark.parametrize(
    "text",
    [
        "Kein Kopf.\n\n---\n\nEin Satz nach einem Strich.\n",
        "---\n\nEin Satz nach einem Strich.\n",
        "{\nText\n}\n",
        "+++\nText\n",
        "---\n---\nText",
    ],
)
def test_markdown_without_front_matter_is_read_whole(tmp_path: Path, text: str) -> None:
    raw = document(tmp_path, text)
    assert raw.fields == {}
    assert raw.text.strip() == text.removeprefix("---\n---\n").strip()


def test_front_matter_is_found_behind_a_byte_order_mark_and_with_windows_line_ends(tmp_path: Path) -> None:
    raw = document(tmp_path, codecs.BOM_UTF8 + b"---\r\ntitle: A\r\n---\r\nText.\r\n")
    assert (raw.fields["title"], raw.text.strip()) == ("A", "Text.")
