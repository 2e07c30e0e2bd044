import codecs
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources.encoding import decode
from indexer.sources.reader import SourceProblem, read_sources

TEXT = "Größere Mängel der Resolution „57“ in Hà Giang – 98 % …\n"
GERMAN = "Größere Mängel der Resolution „57“ – 98 % …\n"


def read(*sources: Path) -> tuple[list[RawDocument], list[str]]:
    """Documents, and problems as they are shown."""
    items = list(read_sources(sources))
    documents = [item for item in items if isinstance(item, RawDocument)]
    return documents, [str(item) for item in items if isinstance(item, SourceProblem)]


def write(folder: Path, **files: str | bytes) -> Path:
    """Files by name, with ``__`` for the dot."""
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
    ],
    ids=["utf8", "utf8-bom", "utf16", "utf16le-bom", "utf16be-bom", "utf16le", "utf16be", "32le", "32be"],
)
def test_a_text_is_read_in_every_unicode_encoding(data: bytes) -> None:
    assert decode(data) == TEXT


@pytest.mark.parametrize("text", [GERMAN, "Sie sagte „Spaß“ und ging über die Straße.", "für", "€", "plain"])
def test_a_text_is_read_in_windows_1252(text: str) -> None:
    assert decode(text.encode("windows-1252")) == text


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufeff"), min_size=1))
def test_any_text_in_utf8_is_read_as_it_is(text: str) -> None:
    assert decode(text.encode("utf-8")) == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(range(256)) * 4, "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\xe8", "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\x00\x01\x02", "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"\x01\x02\x03 text", "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"\x8d\x90 text", "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"\xff\xfea\0b", "marked as utf-16 but broken at byte 4"),
        ("Mängel für die Provinz Hà".encode()[:-1], "UTF-8 but broken at byte 26"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        decode(data)
    assert str(caught.value) == reason


def test_the_id_of_a_file_is_its_path_below_the_source(tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    write(tmp_path / "2024", b__txt="B.", a__TXT="A.")
    write(tmp_path, z__md="Z.")
    assert [document.document_id for document in read(tmp_path)[0]] == ["2024/a.TXT", "2024/b.txt", "z.md"]


def test_a_file_alone_can_be_a_source(tmp_path: Path) -> None:
    write(tmp_path, a__txt="A.", README__md="Auch das.")
    assert [d.document_id for d in read(tmp_path / "a.txt", tmp_path / "README.md")[0]] == [
        "a.txt",
        "README.md",
    ]


def test_readmes_and_hidden_files_are_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".git", a__txt="A.")
    write(tmp_path, README__md="A.", readme__txt="A.", __hidden__txt="A.", a__txt="A.")
    documents, problems = read(tmp_path)
    assert [document.document_id for document in documents] == ["a.txt"]
    assert not problems


def test_a_hidden_folder_can_be_the_source_itself(tmp_path: Path) -> None:
    (tmp_path / ".corpus").mkdir()
    assert len(read(write(tmp_path / ".corpus", a__txt="A."))[0]) == 1


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\t\r\n \xc2\xa0", "empty"),
        ("a.txt", b"\0\x01\x02\xff" * 9, "not a text in UTF-8, UTF-16 or Windows-1252"),
        ("a.md", b"", "empty"),
        ("a.md", b"---\ntitle: A\n---\n\n", "empty"),
        ("a.md", b"---\ntitle: [A\n---\nText.\n", "front matter is no YAML in line 3"),
        ("a.md", b"---\ntitle: A\nx: 'y\n---\nText.\n", "front matter is no YAML in line 4"),
        (
            "a.md",
            b"---\ndate: 2025-02-30\n---\nText.\n",
            "front matter is no YAML (day is out of range for month)",
        ),
        ("a.md", b"---\n- A\n---\nText.\n", "front matter is no YAML mapping"),
        ("a.md", b"---\nEin Satz.\n---\nText.\n", "front matter is no YAML mapping"),
        ("a.md", b"---\ntitle: A\n\nText.\n", "front matter is not closed by a line ---"),
        ("a.docm", b"x", "not of a known kind (.txt .md .html .docx .pdf .jsonl .zip .tar)"),
        ("a", b"x", "not of a known kind (.txt .md .html .docx .pdf .jsonl .zip .tar)"),
        ("a.jsonl", b"", "empty"),
        ("a.jsonl", b" \n \n", "empty"),
        ("a.jsonl", b"\0\x01\x02\xff" * 9, "not a text in UTF-8, UTF-16 or Windows-1252"),
        ("a.jsonl.gz", b"no gzip", "Not a gzipped file (b'no')"),
        (
            "a.jsonl.gz",
            gzip.compress(b"{}" * 99)[:-6],
            "Compressed file ended before the end-of-stream marker was reached",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_reading_goes_on(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(data)
    documents, problems = read(write(tmp_path, z__txt="Z."))
    assert problems == [f"{tmp_path / name}: {reason}"]
    assert [document.document_id for document in documents] == ["z.txt"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.jsonl", "folder"])
def test_a_file_or_folder_without_permission_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.mkdir() if name == "folder" else path.write_text("A.")
    path.chmod(0)
    assert read(tmp_path)[1] == [f"{path}: Permission denied"]
    path.chmod(0o755)


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "gone.txt")
    assert read(tmp_path)[1] == [f"{tmp_path / 'a.txt'}: No such file or directory"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_a_file_name_that_is_no_utf8_is_named_in_printable_letters(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/m\xe4.txt")).write_text("A.")
    (tmp_path / "zwei\nZeilen.txt").write_text("A.")
    reason = "the file's name holds line breaks or bytes that are no UTF-8"
    assert read(tmp_path)[1] == [
        f"{tmp_path}/m\\udce4.txt: {reason}",
        f"{tmp_path}/zwei\\nZeilen.txt: {reason}",
    ]


def test_a_missing_source_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    write(tmp_path, a__txt="A.")
    with pytest.raises(SourceError, match=r"no file or folder at .*/gone \(No such file or directory\)"):
        next(read_sources([tmp_path, tmp_path / "gone"]))


def test_front_matter_becomes_fields_in_lower_case(tmp_path: Path) -> None:
    (document,) = read(
        write(
            tmp_path,
            a__md="---\nTitle: Ein Titel\ndate: 2025-03-17\nempty:\nnumber: 57\n---\n\n# Kopf\n\nText.\n",
        )
    )[0]
    assert document.fields == {"title": "Ein Titel", "date": "2025-03-17", "number": "57"}
    assert document.text.strip() == "# Kopf\n\nText."
    assert document.media_type == "text/markdown"


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
    (document,) = read(write(tmp_path, a__md=text))[0]
    assert document.fields == {}
    assert document.text.strip() == text.removeprefix("---\n---\n").strip()


def test_front_matter_is_found_behind_a_mark_and_in_windows_line_ends(tmp_path: Path) -> None:
    (document,) = read(write(tmp_path, a__md=codecs.BOM_UTF8 + b"---\r\ntitle: A\r\n---\r\nText.\r\n"))[0]
    assert (document.fields["title"], document.text.strip()) == ("A", "Text.")


def test_rows_become_documents_with_their_columns_as_fields(tmp_path: Path) -> None:
    rows = '{"_id": "a", "title": "T", "text": "A.", "Place": "Huế", "n": 1, "none": null, "list": [1]}\n'
    (document,) = read(write(tmp_path, a__jsonl=rows))[0]
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
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("GZ") else data)
    documents, problems = read(tmp_path)
    assert [(d.document_id, d.text) for d in documents] == [("1", "Mängel"), ("2", "Hà Giang")]
    assert not problems


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"{", "no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b'{"_id": "b", "text": "B."', "no JSON: Expecting ',' delimiter: line 1 column 26 (char 25)"),
        (b"[1]", "no JSON object"),
        (b'"b"', "no JSON object"),
        (b'{"text": "B."}', 'field "_id" is missing'),
        (b'{"_id": "", "text": "B."}', 'field "_id" is missing'),
        (b'{"_id": true, "text": "B."}', 'field "_id" is missing'),
        (b'{"_id": null, "text": "B."}', 'field "_id" is missing'),
        (b'{"_id": "b\\n", "text": "B."}', "field \"_id\" holds control characters: 'b\\n'"),
        (b'{"_id": "\\ud800", "text": "B."}', "field \"_id\" holds control characters: '\\ud800'"),
        (b'{"_id": "b"}', 'field "text" is missing'),
        (b'{"_id": "b", "text": 1}', 'field "text" is missing'),
        (b'{"_id": "b", "text": " \\n "}', "field \"text\" of 'b' is empty"),
        (b'{"_id": "b", "text": "M\xe4ngel"}', "no UTF-8 at byte 23"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line_and_reading_goes_on(
    tmp_path: Path, row: bytes, reason: str
) -> None:
    rows = b'{"_id": "a", "text": "A."}\n\n' + row + b'\n{"_id": "z", "text": "Z."}\n'
    documents, problems = read(write(tmp_path, a__jsonl=rows))
    assert problems == [f"{tmp_path / 'a.jsonl'}:3: {reason}"]
    assert [document.document_id for document in documents] == ["a", "z"]


def test_a_row_nested_without_end_is_named(tmp_path: Path) -> None:
    documents, problems = read(write(tmp_path, a__jsonl="[" * 200_000 + '\n{"_id": "z", "text": "Z."}'))
    assert problems[0].startswith(f"{tmp_path / 'a.jsonl'}:1: no JSON: ")
    assert len(documents) == 1


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_a_json_string_is_read_as_it_is_with_every_kind_of_line_break(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_bytes(json.dumps({"_id": "a", "text": text}, ensure_ascii=False).encode() + b"\n")
        assert [document.text for document in read(path)[0]] == [text]


def test_line_separators_inside_a_json_string_do_not_end_the_row(tmp_path: Path) -> None:
    row = json.dumps({"_id": "a", "text": "eins\u2028zwei\u2029drei\x85vier"}, ensure_ascii=False)
    assert read(write(tmp_path, a__jsonl=row))[0][0].text == "eins\u2028zwei\u2029drei\x85vier"


def test_reading_needs_no_model_library() -> None:
    code = "import indexer.sources.reader, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_of_a_question_set_only_the_corpus_is_read(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"_id": "a", "text": "Die Ernte war gut."}\n', "utf-8")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "Wie war die Ernte?"}\n', "utf-8")
    (tmp_path / "qrels.tsv").write_text("q\ta\t1\n", "utf-8")
    assert [item.document_id for item in read_sources([tmp_path]) if isinstance(item, RawDocument)] == ["a"]
    assert not [item for item in read_sources([tmp_path]) if isinstance(item, SourceProblem)]
