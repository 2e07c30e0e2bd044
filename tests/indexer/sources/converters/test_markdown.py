"""Reader of Markdown files with front matter."""

import codecs
import re
import time
from pathlib import Path

import pytest

from indexer.sources.converters import ConversionError, ConvertedFile
from indexer.sources.converters.markdown import MAX_DEPTH, MAX_LENGTH, convert


def document(folder: Path, content: str | bytes) -> ConvertedFile:
    """The document of a Markdown file."""
    path = folder / "a.md"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return convert(path)


def test_front_matter_becomes_fields_in_lower_case(tmp_path: Path) -> None:
    raw = document(
        tmp_path, "---\nTitle: Ein Titel\ndate: 2025-03-17\nempty:\nnumber: 57\n---\n\n# Kopf\n\nText.\n"
    )
    assert raw.fields == {"title": "Ein Titel", "date": "2025-03-17", "number": "57"}
    assert raw.text.strip() == "# Kopf\n\nText."


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


def test_values_are_read_as_they_are_written(tmp_path: Path) -> None:
    front = (
        "title: yes\ndate: 2025-02-30\nnumber: 012\nplace: 'null'\nnone: null\nlong: |\n  Zwei\n  Zeilen\n"
    )
    assert document(tmp_path, f"---\n{front}---\nText.\n").fields == {
        "title": "yes",
        "date": "2025-02-30",
        "number": "012",
        "place": "null",
        "long": "Zwei\nZeilen\n",
    }


def test_lists_and_mappings_are_not_read(tmp_path: Path) -> None:
    front = (
        "place: [Huế, Vinh]\ntags: [a]\nauthor:\n  name: C\n  title: D\nlist:\n- title: E\n- - F\ntitle: A\n"
    )
    assert document(tmp_path, f"---\n{front}---\nText.\n").fields == {"title": "A"}


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("date: !!timestamp gestern", "the tag 'tag:yaml.org,2002:timestamp' in line 2"),
        ("title: !!bool abc", "the tag 'tag:yaml.org,2002:bool' in line 2"),
        ("title: !!python/name:os.system", "the tag 'tag:yaml.org,2002:python/name:os.system' in line 2"),
        ("x: !!map {a: b}", "the tag 'tag:yaml.org,2002:map' in line 2"),
        ("a: &a x\nb: *a", "an anchor or alias in line 2"),
        ("a: &a [x, x]\nb: &b [*a, *a]", "an anchor or alias in line 2"),
        ("title: A\n<<: *gone", "an anchor or alias in line 3"),
        ("? [a]\n: b", "a list or mapping as a key in line 2"),
        (f"x: {'[' * 99}{']' * 99}", f"nested over {MAX_DEPTH} levels in line 2"),
        (f"x: {'[' * 100_000}", f"of 100,005 characters; it may have {MAX_LENGTH:,}"),
        ("x: " + "a" * MAX_LENGTH, f"it may have {MAX_LENGTH:,}"),
    ],
)
def test_front_matter_that_is_not_plain_is_an_error_that_says_where(
    tmp_path: Path, front: str, reason: str
) -> None:
    with pytest.raises(ConversionError, match=f"^front matter.*{re.escape(reason)}"):
        document(tmp_path, f"---\n{front}\n---\nText.\n")


def test_deep_front_matter_within_the_limit_of_length_is_refused_in_time(tmp_path: Path) -> None:
    for opening in ("[", "{a: ", "- ", "? "):
        start = time.process_time()
        with pytest.raises(ConversionError, match=r"^front matter"):
            document(tmp_path, f"---\nx: {opening * (60_000 // len(opening))}\n---\nText.\n")
        assert time.process_time() - start < 5
