"""Reader of JSON Lines."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sources.jsonl import BadRow, Row, read


def rows(path: Path) -> tuple[list[Row], list[BadRow]]:
    items = list(read(path))
    documents = [item for item in items if isinstance(item, Row)]
    return documents, [item for item in items if isinstance(item, BadRow)]


def written(folder: Path, content: str | bytes, name: str = "a.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_rows_become_documents_with_their_columns_as_fields(tmp_path: Path) -> None:
    content = '{"_id": "a", "title": "T", "text": "A.", "Place": "Huế", "n": 1, "none": null, "list": [1]}\n'
    (document,) = rows(written(tmp_path, content))[0]
    assert (document.document_id, document.text) == ("a", "A.")
    assert document.fields == {"title": "T", "place": "Huế", "n": "1"}


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8"),
        lambda text: text.encode("utf-16"),
        lambda text: text.rstrip().encode("utf-8"),
    ],
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.JSONL.GZ"])
def test_rows_are_read_plain_and_gzipped_in_unicode(
    tmp_path: Path, name: str, encode: Callable[[str], bytes]
) -> None:
    data = encode('{"_id": 1, "text": "Mängel"}\n\n{"_id": "2", "text": "Hà Giang"}\n')
    path = written(tmp_path, gzip.compress(data) if name.endswith("GZ") else data, name)
    documents, bad = rows(path)
    assert [(d.document_id, d.text) for d in documents] == [("1", "Mängel"), ("2", "Hà Giang")]
    assert not bad


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"{", "not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b'{"_id": "b", "text": "B."', "not valid JSON: Expecting ',' delimiter: line 1 column 26 (char 25)"),
        (b"[1]", "not a JSON object"),
        (b'"b"', "not a JSON object"),
        (b'{"text": "B."}', 'field "_id" is missing'),
        (b'{"_id": "", "text": "B."}', 'field "_id" is missing'),
        (b'{"_id": true, "text": "B."}', 'field "_id" is missing'),
        (b'{"_id": null, "text": "B."}', 'field "_id" is missing'),
        (b'{"_id": "b\\n", "text": "B."}', "field \"_id\" has control characters: 'b\\n'"),
        (b'{"_id": "\\ud800", "text": "B."}', "field \"_id\" has control characters: '\\ud800'"),
        (b'{"_id": "b"}', 'field "text" is missing'),
        (b'{"_id": "b", "text": 1}', 'field "text" is missing'),
        (b'{"_id": "b", "text": " \\n "}', "field \"text\" of 'b' is empty"),
        (b'{"_id": "b", "text": "M\xe4ngel"}', "not UTF-8 at byte 23"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_reading_continues(
    tmp_path: Path, row: bytes, reason: str
) -> None:
    content = b'{"_id": "a", "text": "A."}\n\n' + row + b'\n{"_id": "z", "text": "Z."}\n'
    documents, bad = rows(written(tmp_path, content))
    assert bad == [BadRow(3, reason)]
    assert [document.document_id for document in documents] == ["a", "z"]


def test_a_deeply_nested_row_is_named(tmp_path: Path) -> None:
    documents, [bad] = rows(written(tmp_path, "[" * 200_000 + '\n{"_id": "z", "text": "Z."}'))
    assert bad.line == 1 and bad.reason.startswith("not valid JSON: ")
    assert len(documents) == 1


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_a_json_string_is_read_as_it_is_with_every_kind_of_line_break(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_bytes(json.dumps({"_id": "a", "text": text}, ensure_ascii=False).encode() + b"\n")
        assert [document.text for document in rows(path)[0]] == [text]


def test_line_separators_inside_a_json_string_do_not_end_the_row(tmp_path: Path) -> None:
    row = json.dumps({"_id": "a", "text": "eins\u2028zwei\u2029drei\x85vier"}, ensure_ascii=False)
    assert rows(written(tmp_path, row))[0][0].text == "eins\u2028zwei\u2029drei\x85vier"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (b"\0\x01\x02\xff" * 9, "not a text in UTF-8, UTF-16 or Windows-1252"),
    ],
)
def test_a_file_without_rows_is_one_bad_row_without_a_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    assert rows(written(tmp_path, content)) == ([], [BadRow(None, reason)])
