import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.annotation import aspect_classifier
from indexer.annotation.aspects import ASPECTS
from indexer.annotation.reference_attribution import ReferenceAttribution
from indexer.build.pipeline import build
from indexer.errors import IndexDamagedError, IndexMissingError, ModelMismatchError
from indexer.index.folder import generation_names, is_live, live_name, prune, set_live
from indexer.index.generation import open_generation
from indexer.index.layout import MANIFEST
from indexer.index.manifest import Manifest, file_facts
from indexer.index.verification import verify
from indexer.storage.vector_store import FaissStore

FILES = [
    "manifest.json",
    "alignment.npy",
    "aspects.npy",
    "scope.npy",
    "documents.sqlite",
    "passages.faiss",
    "sentences.faiss",
    "lexical/params.index.json",
    "lexical/vocab.index.json",
    "lexical/data.csc.index.npy",
    "lexical/indices.csc.index.npy",
    "lexical/indptr.csc.index.npy",
]


def folder(index: Path) -> Path:
    return index / "generations" / live_name(index)


def assert_damaged(index: Path, named: str) -> None:
    """The file is named by verify, and by the refusal to open the generation."""
    faults = list(verify(index))
    assert len(faults) == 1
    assert faults[0].startswith(f"{live_name(index)}/{named}: ")
    with pytest.raises(IndexDamagedError) as caught:
        open_generation(index)
    assert faults[0] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_generation_comes_back_as_it_was_built(built_index: Path, corpus: Path) -> None:
    with closing(open_generation(built_index)) as generation:
        assert generation.name == live_name(built_index)
        assert [d.document_id for d in generation.store.documents()] == sorted(
            path.name for path in corpus.glob("*.md") if path.name != "README.md"
        )
        assert generation.manifest.counts == {
            "documents": 5,
            "passages": len(generation.passages),
            "sentences": len(generation.sentences),
        }
        assert len(generation.passage_vectors) == len(generation.passages)
        assert len(generation.sentence_vectors) == len(generation.sentences)
        assert generation.lexical.scores(["=NQ-57"]).shape == (len(generation.passages),)


def test_vectors_and_terms_are_those_of_their_passages(built_index: Path, embedder: FakeEmbedder) -> None:
    with closing(open_generation(built_index)) as generation:
        spans = generation.passages
        texts = [
            generation.store.document(int(number)).text[start:end]
            for number, start, end in zip(spans.document, spans.start, spans.end, strict=True)
        ]
        rows = generation.passage_vectors.rows(np.arange(len(texts)))
        np.testing.assert_allclose(rows, embedder.embed_passages(texts), atol=1e-3)
        scores = generation.lexical.scores(["=NQ-57"])
    assert all((score > 0) == ("57" in text) for score, text in zip(scores, texts, strict=True))


def test_the_files_of_a_generation_are_known(built_index: Path) -> None:
    found = [
        path.relative_to(folder(built_index)) for path in folder(built_index).rglob("*") if path.is_file()
    ]
    assert sorted(path.as_posix() for path in found) == sorted(FILES)


def test_a_fresh_index_has_no_faults(built_index: Path) -> None:
    assert list(verify(built_index)) == []


@pytest.mark.parametrize("where", ["start", "middle", "end"])
@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_is_found_in_every_file(built_index: Path, name: str, where: str) -> None:
    path = folder(built_index) / name
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
    damage(folder(built_index) / name)
    assert_damaged(built_index, name)


@pytest.mark.parametrize(
    "name", ["extra.txt", "lexical/extra.npy", ".hidden", "documents.sqlite-wal", "lexical/manifest.json"]
)
def test_a_file_that_does_not_belong_there_is_found(built_index: Path, name: str) -> None:
    (folder(built_index) / name).write_text("x")
    assert_damaged(built_index, name)


def test_every_damaged_file_is_named(built_index: Path) -> None:
    for name in FILES[1:]:
        (folder(built_index) / name).unlink()
    assert [fault.split("/", 1)[1].split(": ")[0] for fault in verify(built_index)] == sorted(FILES[1:])


def test_a_renamed_generation_is_found(built_index: Path) -> None:
    path = folder(built_index)
    path.rename(path.with_name("20260101T000000000000-0123456789abcdef"))
    set_live(built_index, "20260101T000000000000-0123456789abcdef")
    assert_damaged(built_index, "manifest.json")


def rewritten(index: Path, change: Callable[[Path], object], **values: object) -> str:
    """Change the live generation and write a manifest to it, so that every digest is right; its new name."""
    old = folder(index)
    manifest = Manifest.read(old)
    change(old)
    manifest = replace(manifest, files=file_facts(old), **values)  # type: ignore[arg-type]
    name = f"20260101T000000000000-{manifest.write(old)}"
    old.rename(old.with_name(name))
    set_live(index, name)
    return name


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
        (executed("DROP TABLE spans"), "not a readable store (no such table: spans)"),
    ],
)
def test_a_store_written_wrong_is_found_though_its_digest_is_right(
    built_index: Path, change: Callable[[Path], None], fault: str
) -> None:
    name = rewritten(built_index, change)
    faults = list(verify(built_index))
    assert any(fault in line for line in faults), faults
    other = ("vectors for", "aspects.npy: float16 of shape")
    assert all(
        line.startswith(f"{name}/documents.sqlite: ") or any(o in line for o in other) for line in faults
    )


def test_a_count_that_is_wrong_is_found(built_index: Path) -> None:
    counts = {"documents": 6, "sentences": 1, "passages": 2}
    name = rewritten(built_index, lambda _: None, counts=counts)
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
    rewritten(
        built_index,
        lambda old: FaissStore.build(vectors.astype(np.float32)).save(old / "passages.faiss"),
    )
    assert any("/passages.faiss: " in line and fault in line for line in verify(built_index))


def test_aspects_of_fewer_sentences_are_found(built_index: Path) -> None:
    def change(old: Path) -> None:
        aspect_classifier.save(old / "aspects.npy", np.zeros((3, len(ASPECTS)), np.float32))

    rewritten(built_index, change)
    (fault,) = verify(built_index)
    assert "/aspects.npy: float16 of shape (3, " in fault


@pytest.mark.parametrize("sentence", [-1, 999_999])
def test_an_act_of_a_sentence_that_is_not_there_is_found(built_index: Path, sentence: int) -> None:
    with closing(open_generation(built_index)) as generation:
        keys = generation.store.keys()
    rewritten(
        built_index,
        lambda old: ReferenceAttribution.build([(sentence, "NQ-57", 1.0)], keys).save(old / "scope.npy"),
    )
    (fault,) = verify(built_index)
    assert fault.endswith("/scope.npy: a sentence about NQ-57 that does not exist")


@pytest.mark.parametrize(
    "name", ["passages.faiss", "lexical/params.index.json", "documents.sqlite", "aspects.npy", "scope.npy"]
)
def test_an_unreadable_file_with_the_right_digest_is_named(built_index: Path, name: str) -> None:
    rewritten(built_index, lambda old: (old / name).write_bytes(b"{ nonsense"))
    faults = list(verify(built_index))
    assert len(faults) == 1
    assert name.split("/")[0] in faults[0]
    with pytest.raises(IndexDamagedError):
        open_generation(built_index)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ({"format": 99}, "index format 99, this version reads 5; rebuild the index"),
        ({}, "index format None, this version reads 5; rebuild the index"),
        ({"format": 2}, "index format 2, this version reads 5; rebuild the index"),
        ({"format": 5}, "not a manifest ("),
        ([1], "not a manifest ("),
        ({"format": 5, "created": "", "unknown": 1}, "not a manifest ("),
    ],
)
def test_a_manifest_of_another_format_is_refused(built_index: Path, content: object, fault: str) -> None:
    import hashlib

    data = json.dumps(content).encode()
    old = folder(built_index)
    (old / MANIFEST).write_bytes(data)
    name = f"20260101T000000000000-{hashlib.sha256(data).hexdigest()[:16]}"
    old.rename(old.with_name(name))
    set_live(built_index, name)
    with pytest.raises(IndexDamagedError, match="^" + name) as caught:
        open_generation(built_index)
    assert fault in str(caught.value)
    assert fault in next(verify(built_index))


def test_a_manifest_without_a_count_is_refused(built_index: Path) -> None:
    rewritten(built_index, lambda _: None, counts={})
    with pytest.raises(IndexDamagedError, match="the manifest lacks 'passages'"):
        open_generation(built_index)


def test_a_manifest_from_before_there_was_a_grouping_still_opens(built_index: Path) -> None:
    rewritten(built_index, lambda _: None, chunking={"size": 1200, "overlap": 0})
    with closing(open_generation(built_index)) as generation:
        assert generation.manifest.chunking == {"size": 1200, "overlap": 0}


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest = Manifest("2025", {"name": "m"}, {"size": 1}, {"documents": 1}, {}, ["Größe"], ["x: y"])
    folder = tmp_path / f"x-{manifest.write(tmp_path)}"
    folder.mkdir()
    shutil.copy(tmp_path / MANIFEST, folder)
    assert asdict(Manifest.read(folder)) == asdict(manifest)


def test_no_index_is_an_error_that_says_how_to_make_one(tmp_path: Path) -> None:
    for index in (tmp_path, tmp_path / "gone"):
        with pytest.raises(
            IndexMissingError, match=rf"^no index at {index}: build one with `python -m indexer build"
        ):
            open_generation(index)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"gone\n", b".\n", b"..\n", b"../..\n", b"\0", b"\xff\xfe", b".hidden\n"]
)
def test_a_current_that_names_no_generation_is_damaged(built_index: Path, content: bytes) -> None:
    (built_index / "generations" / ".hidden").mkdir()
    (built_index / "CURRENT").write_bytes(content)
    with pytest.raises(IndexDamagedError, match=r"/CURRENT: "):
        live_name(built_index)
    assert not is_live(built_index, content.decode("latin-1").strip())


def test_a_current_that_is_a_folder_is_damaged(built_index: Path) -> None:
    (built_index / "CURRENT").unlink()
    (built_index / "CURRENT").mkdir()
    with pytest.raises(IndexDamagedError, match=r"/CURRENT: not readable"):
        live_name(built_index)


def test_setting_the_live_generation_leaves_no_other_file(built_index: Path) -> None:
    before = sorted(path.name for path in built_index.iterdir())
    set_live(built_index, live_name(built_index))
    assert sorted(path.name for path in built_index.iterdir()) == before


def test_a_generation_can_be_opened_by_name(built_index: Path, corpus: Path) -> None:
    old = live_name(built_index)
    build([corpus / "nghe-an-quartalssitzung.md"], built_index, FakeEmbedder())
    with closing(open_generation(built_index, old)) as generation:
        assert generation.manifest.counts["documents"] == 5
    with closing(open_generation(built_index)) as generation:
        assert generation.manifest.counts["documents"] == 1


@pytest.mark.parametrize(("keep", "left"), [(1, 1), (2, 2), (3, 3), (9, 4)])
def test_pruning_keeps_the_newest(built_index: Path, corpus: Path, keep: int, left: int) -> None:
    for _ in range(3):
        build([corpus], built_index, FakeEmbedder(), keep=9)
    names = generation_names(built_index)
    assert prune(built_index, keep) == names[:-left]
    assert generation_names(built_index) == names[-left:]


def test_pruning_keeps_the_live_one_however_old(built_index: Path, corpus: Path) -> None:
    old = live_name(built_index)
    build([corpus], built_index, FakeEmbedder())
    build([corpus], built_index, FakeEmbedder())
    set_live(built_index, old)
    prune(built_index, 1)
    assert old in generation_names(built_index)
    assert len(generation_names(built_index)) == 2
    assert list(verify(built_index)) == []


def test_an_opened_generation_can_be_read_after_it_was_pruned(built_index: Path, corpus: Path) -> None:
    with closing(open_generation(built_index)) as generation:
        build([corpus], built_index, FakeEmbedder(), keep=1)
        assert generation.name not in generation_names(built_index)
        assert len(list(generation.store.documents())) == 5
        assert generation.lexical.scores(["=NQ-57"]).any()
        assert generation.passage_vectors.rows(np.arange(2)).any()


def test_another_model_is_refused_by_a_message_that_names_both(built_index: Path) -> None:
    other = FakeEmbedder("other")
    with closing(open_generation(built_index)) as generation:
        generation.require_model("fake", FakeEmbedder().digest)
        with pytest.raises(ModelMismatchError) as caught:
            generation.require_model(other.name, other.digest)
    assert str(caught.value) == (
        f"index built with model fake {FakeEmbedder().digest[:12]}, loaded is other {other.digest[:12]}; "
        "rebuild the index or pass the same --model"
    )
