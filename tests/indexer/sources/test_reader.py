"""Reading of folders and files."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.sources.reader import SourceProblem, read_sources


def read(*sources: Path) -> tuple[list[RawDocument], list[str]]:
    """The documents, and the problems as text."""
    items = list(read_sources(sources))
    documents = [item for item in items if isinstance(item, RawDocument)]
    return documents, [str(item) for item in items if isinstance(item, SourceProblem)]


def write(folder: Path, **files: str | bytes) -> Path:
    """Write files, named with ``__`` for the dot; returns the folder."""
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


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


def test_readmes_and_hidden_files_are_skipped(tmp_path: Path) -> None:
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
        ("a.md", b"---\ntitle: [A\n---\nText.\n", "front matter is not valid YAML in line 3"),
        ("a.md", b"---\ntitle: A\nx: 'y\n---\nText.\n", "front matter is not valid YAML in line 4"),
        ("a.md", b"---\n? [A]\n: b\n---\nText.\n", "front matter has a list or mapping as a key in line 2"),
        ("a.md", b"---\n- A\n---\nText.\n", "front matter is not a YAML mapping"),
        ("a.md", b"---\nEin Satz.\n---\nText.\n", "front matter is not a YAML mapping"),
        ("a.md", b"---\ntitle: A\n\nText.\n", "front matter is not closed by a line ---"),
        ("a.docm", b"x", "unknown file type (supported: .txt .md .html .docx .pdf .jsonl .zip .tar)"),
        ("a", b"x", "unknown file type (supported: .txt .md .html .docx .pdf .jsonl .zip .tar)"),
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
def test_an_unreadable_file_is_named_and_reading_continues(
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


def test_a_broken_link_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "gone.txt")
    assert read(tmp_path)[1] == [f"{tmp_path / 'a.txt'}: No such file or directory"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_a_file_name_that_is_not_utf8_is_printable_in_the_problem(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/m\xe4.txt")).write_text("A.")
    (tmp_path / "zwei\nZeilen.txt").write_text("A.")
    reason = "the file's name has line breaks or bytes that are not UTF-8"
    assert read(tmp_path)[1] == [
        f"{tmp_path}/m\\udce4.txt: {reason}",
        f"{tmp_path}/zwei\\nZeilen.txt: {reason}",
    ]


def test_a_missing_source_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    write(tmp_path, a__txt="A.")
    with pytest.raises(SourceError, match=r"no file or folder at .*/gone \(No such file or directory\)"):
        next(read_sources([tmp_path, tmp_path / "gone"]))


def test_reading_needs_no_model_library() -> None:
    code = "import indexer.sources.reader, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_the_corpus_of_a_question_set_is_read(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"_id": "a", "text": "Die Ernte war gut."}\n', "utf-8")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "Wie war die Ernte?"}\n', "utf-8")
    (tmp_path / "qrels.tsv").write_text("q\ta\t1\n", "utf-8")
    assert [item.document_id for item in read_sources([tmp_path]) if isinstance(item, RawDocument)] == ["a"]
    assert not [item for item in read_sources([tmp_path]) if isinstance(item, SourceProblem)]


def test_the_index_that_is_being_built_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    write(tmp_path / "index", b__txt="B.")
    write(tmp_path, a__txt="A.")
    items = list(read_sources([tmp_path], tmp_path / "index"))
    assert [item.document_id for item in items if isinstance(item, RawDocument)] == ["a.txt"]


def test_a_link_that_leads_out_of_the_source_is_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "secret").mkdir()
    secret = write(tmp_path / "secret", b__txt="Geheim.")
    source = write(tmp_path / "source", a__txt="A.")
    (source / "file.txt").symlink_to(secret / "b.txt")
    (source / "folder").symlink_to(secret)
    (source / "up.txt").symlink_to("../secret/b.txt")
    documents, problems = read(source)
    assert [document.text for document in documents] == ["A."]
    assert sorted(problems) == [
        f"{source / name}: a link that leads out of the source; --follow-links reads it"
        for name in ("file.txt", "folder", "up.txt")
    ]


def test_a_link_inside_the_source_is_followed(tmp_path: Path) -> None:
    write(tmp_path, a__txt="A.")
    (tmp_path / "b.txt").symlink_to("a.txt")
    (tmp_path / "folder").symlink_to(".")
    documents, problems = read(tmp_path)
    assert [document.document_id for document in documents] == ["a.txt", "b.txt"]
    assert not problems


def test_a_source_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    write(tmp_path / "real", a__txt="A.")
    (tmp_path / "link").symlink_to("real")
    assert [document.text for document in read(tmp_path / "link")[0]] == ["A."]


def test_links_are_followed_on_request_and_each_folder_once(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", b__txt="B.")
    source = write(tmp_path / "source", a__txt="A.")
    (source / "c.txt").symlink_to(tmp_path / "other" / "b.txt")
    (source / "folder").symlink_to(tmp_path / "other")
    (source / "circle").symlink_to(tmp_path)
    (tmp_path / "other" / "back").symlink_to(source)
    items = list(read_sources([source], follow_links=True))
    found = [item.document_id for item in items if isinstance(item, RawDocument)]
    assert len(found) == len(items)
    assert {"a.txt", "c.txt"} < set(found)
    assert len([name for name in found if name.endswith("/b.txt")]) == 1


def test_front_matter_that_crashes_its_reader_costs_only_its_file(tmp_path: Path) -> None:
    bomb = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30))
    fronts = {
        "a__md": "date: !!timestamp gestern",
        "b__md": "title: !!bool abc",
        "c__md": f"x: {'[' * 100_000}{']' * 100_000}",
        "d__md": f"a0: &a0 [x]\n{bomb}",
        "e__md": "x: " + "[" * 30_000,
    }
    write(tmp_path, **{name: f"---\n{front}\n---\nText.\n" for name, front in fronts.items()}, z__md="Z.")
    documents, problems = read(tmp_path)
    assert [document.document_id for document in documents] == ["z.md"]
    assert [Path(problem.split(":")[0]).name for problem in problems] == [
        "a.md",
        "b.md",
        "c.md",
        "d.md",
        "e.md",
    ]
    assert all("front matter" in problem for problem in problems)
