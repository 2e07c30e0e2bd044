"""Faults that verifying a generation finds: changed files first, then content written wrong."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from generations import FILES, live_folder, rename_live, rewrite

from indexer.annotation import aspect_classifier
from indexer.annotation.aspects import ASPECTS
from indexer.annotation.reference_attribution import ReferenceAttribution
from indexer.errors import IndexDamagedError
from indexer.index.generation import open_generation
from indexer.index.live_generation import live_name
from indexer.index.verification import verify
from indexer.storage.vector_store import FaissStore


def assert_damaged(index: Path, named: str) -> None:
    """The file is named by verify, and by the refusal to open the generation."""
    faults = list(verify(index))
    assert len(faults) == 1
    assert faults[0].startswith(f"{live_name(index)}/{named}: ")
    with pytest.raises(IndexDamagedError) as caught:
        open_generation(index)
    assert faults[0] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_new_index_has_no_faults(built_index: Path) -> None:
    assert list(verify(built_index)) == []


@pytest.mark.parametrize("where", ["start", "middle", "end"])
@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_is_found_in_every_file(built_index: Path, name: str, where: str) -> None:
    path = live_folder(built_index) / name
    data = bytearray(path.read_bytes())
    data[{"start": 0, "middle": len(data) // 2, "end": -1}[where]] ^= 1
    path.write_bytes(data)
    assert_damaged(built_index, name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    ],
    ids=["missing", "truncated", "empty", "longer"],
)
def test_a_file_of_another_length_is_found(
    built_index: Path, name: str, damage: Callable[[Path], object]
) -> None:
    damage(live_folder(built_index) / name)
    assert_damaged(built_index, name)


@pytest.mark.parametrize(
    "name", ["extra.txt", "lexical/extra.npy", ".hidden", "documents.sqlite-wal", "lexical/manifest.json"]
)
def test_a_file_that_does_not_belong_there_is_found(built_index: Path, name: str) -> None:
    (live_folder(built_index) / name).write_text("x")
    assert_damaged(built_index, name)


def test_every_damaged_file_is_named(built_index: Path) -> None:
    for name in FILES[1:]:
        (live_folder(built_index) / name).unlink()
    assert [fault.split("/", 1)[1].split(": ")[0] for fault in verify(built_index)] == sorted(FILES[1:])


def test_a_renamed_generation_is_found(built_index: Path) -> None:
    rename_live(built_index, "20260101T000000000000-0123456789abcdef")
    assert_damaged(built_index, "manifest.json")


def executed(statement: str) -> Callable[[Path], None]:
    def change(generation: Path) -> None:
        with closing(sqlite3.connect(generation / "documents.sqlite")) as connection, connection:
            connection.executescript(statement)

    return change


def spans(change: Callable[[dict[str, np.ndarray]], object]) -> Callable[[Path], None]:
    """Change the columns of the spans, by their names."""

    def changed(generation: Path) -> None:
        with closing(sqlite3.connect(generation / "documents.sqlite")) as connection, connection:
            rows = connection.execute("SELECT name, value FROM spans").fetchall()
            columns = {name: np.frombuffer(value, "<i8").copy() for name, value in rows}
            change(columns)
            connection.executemany(
                "UPDATE spans SET value = ? WHERE name = ?",
                [(c.tobytes(), name) for name, c in columns.items()],
            )

    return changed


def put(name: str, row: int, value: int) -> Callable[[Path], None]:
    return spans(lambda columns: columns[name].__setitem__(row, value))


def without_last(table: str) -> Callable[[Path], None]:
    def change(columns: dict[str, np.ndarray]) -> None:
        columns.update({name: c[:-1] for name, c in columns.items() if name.startswith(table)})

    return spans(change)


def empty_sentence(columns: dict[str, np.ndarray]) -> None:
    columns["sentences.end"][3] = columns["sentences.start"][3]


def later_passages(columns: dict[str, np.ndarray]) -> None:
    first, last = columns["passages.first"], columns["passages.last"]
    longer = first < last
    first[longer] += 1
    columns["passages.start"][longer] = columns["sentences.start"][first[longer]]


def shifted_passage(columns: dict[str, np.ndarray]) -> None:
    columns["passages.start"][2] += 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (put("sentences.end", 3, 999_999), "a sentence lies outside the text"),
        (put("sentences.start", 3, -1), "a sentence lies outside the text"),
        (spans(empty_sentence), "a sentence lies outside the text"),
        (put("passages.end", 2, 999_999), "a passage lies outside the text"),
        (spans(shifted_passage), "does not begin or end with its sentences"),
        (put("passages.last", 2, 9999), "has sentences that do not exist"),
        (put("passages.first", 0, -1), "has sentences that do not exist"),
        (spans(later_passages), "a sentence is in no passage"),
        (put("sentences.document", 3, 9), "a sentence is of no document, or of one out of"),
        (put("passages.document", 0, -1), "a passage is of no document, or of one out of"),
        (
            executed("UPDATE documents SET text = text || '.' WHERE number = 1"),
            "text does not match its sha256",
        ),
        (
            executed('UPDATE document_references SET start = start + 1, "end" = "end" + 1'),
            "does not match the text",
        ),
        (without_last("sentences."), " sentences, the manifest says"),
        (executed("DELETE FROM documents WHERE number = 4"), "4 documents, the manifest says 5"),
        (without_last("passages."), "vectors for"),
        (without_last("passages.start"), "columns of passages of different lengths"),
        (executed("UPDATE spans SET value = x'00' WHERE name = 'passages.end'"), "no spans of passages"),
        (executed("DELETE FROM spans WHERE name = 'sentences.end'"), "no spans of sentences"),
        (
            executed("INSERT INTO mentions VALUES (99, 'place', 'Huế'), (-1, 'day', '01-31')"),
            "2 mentions of documents that do not exist",
        ),
        (executed("DROP TABLE spans"), "not a readable store (no such table: spans)"),
    ],
)
def test_a_fault_in_the_store_is_found_though_its_digest_is_right(
    built_index: Path, change: Callable[[Path], None], fault: str
) -> None:
    name = rewrite(built_index, change)
    faults = list(verify(built_index))
    assert any(fault in line for line in faults), faults
    other = ("vectors for", "aspects.npy: float16 of shape")
    assert all(
        line.startswith(f"{name}/documents.sqlite: ") or any(o in line for o in other) for line in faults
    )


def test_a_count_that_is_wrong_is_found(built_index: Path) -> None:
    counts = {"documents": 6, "sentences": 1, "passages": 2}
    name = rewrite(built_index, lambda _: None, counts=counts)
    assert [fault.rsplit(", ", 1)[1] for fault in verify(built_index) if fault.startswith(name)] == [
        "the manifest says 6",
        "the manifest says 1",
        "the manifest says 2",
    ]


@pytest.mark.parametrize(
    ("vectors", "fault"),
    [(np.eye(3, 64), "3 vectors for "), (np.ones((1, 8)), "vectors of 8 numbers, the manifest says 64")],
)
def test_vectors_of_another_shape_are_found(built_index: Path, vectors: np.ndarray, fault: str) -> None:
    rewrite(
        built_index,
        lambda old: FaissStore.build(vectors.astype(np.float32)).save(old / "passages.faiss"),
    )
    assert any("/passages.faiss: " in line and fault in line for line in verify(built_index))


def test_aspects_of_fewer_sentences_are_found(built_index: Path) -> None:
    def change(old: Path) -> None:
        aspect_classifier.save(old / "aspects.npy", np.zeros((3, len(ASPECTS)), np.float32))

    rewrite(built_index, change)
    (fault,) = verify(built_index)
    assert "/aspects.npy: float16 of shape (3, " in fault


@pytest.mark.parametrize("sentence", [-1, 999_999])
def test_a_reference_of_a_sentence_that_does_not_exist_is_found(built_index: Path, sentence: int) -> None:
    with closing(open_generation(built_index)) as generation:
        keys = generation.store.keys()
    rewrite(
        built_index,
        lambda old: ReferenceAttribution.build([(sentence, "NQ-57", 1.0)], keys).save(old / "scope.npy"),
    )
    (fault,) = verify(built_index)
    assert fault.endswith("/scope.npy: a sentence about NQ-57 that does not exist")


@pytest.mark.parametrize(
    "name", ["passages.faiss", "lexical/params.index.json", "documents.sqlite", "aspects.npy", "scope.npy"]
)
def test_an_unreadable_file_with_the_right_digest_is_named(built_index: Path, name: str) -> None:
    rewrite(built_index, lambda old: (old / name).write_bytes(b"{ nonsense"))
    faults = list(verify(built_index))
    assert len(faults) == 1
    assert name.split("/")[0] in faults[0]
    with pytest.raises(IndexDamagedError):
        open_generation(built_index)


def test_an_index_without_stored_mentions_has_no_faults(built_index: Path) -> None:
    rewrite(built_index, executed("DROP TABLE mentions"))
    assert list(verify(built_index)) == []
