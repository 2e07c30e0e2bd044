import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder
from paths import ROOT

from indexer.arrays import Vectors
from indexer.build import pipeline
from indexer.build.pipeline import build
from indexer.build.report import BuildSummary
from indexer.embedding.embedder import Progress
from indexer.entities.mentions import Mentions
from indexer.errors import IndexingError, SourceError
from indexer.index.generation import open_generation
from indexer.index.live_generation import generation_names, live_name, set_live
from indexer.index.verification import verify
from indexer.preprocessing.chunking import Chunking
from indexer.storage import document_store as store

ONE = "Die Provinz Hà Giang setzt die Resolution Nr. 57 um."
TWO = "Die Provinz Cà Mau prüft die Resolution Nr. 25."


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.txt").write_text(f"{ONE} Sie tut es gern.\n{TWO}")
    (folder / "b.txt").write_text("Ein anderer Text. Er bleibt, wie er ist.")
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def listing(index: Path) -> set[str]:
    """Everything in the index but what builds keep for the next ones, which may grow, and the lock."""
    return {
        path.relative_to(index).as_posix()
        for path in index.rglob("*")
        if not {"vectors", "prepared"} & set(path.parts) and path.name != ".build.lock"
    }


def test_a_build_returns_a_summary(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    summary = build([source], index, embedder)
    assert summary == BuildSummary(
        generation=live_name(index),
        counts={"documents": 2, "sentences": 5, "passages": 3},
        # A passage of one sentence is that sentence.
        embedded=7,
        left_out=[],
        pruned=[],
    )
    assert list(verify(index)) == []


def test_the_manifest_names_model_and_sources(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    build([source], index, embedder, chunking=Chunking(200, grouping="section"))
    with closing(open_generation(index)) as generation:
        manifest = generation.manifest
    assert manifest.model == {"name": "fake", "digest": embedder.digest, "dimension": 64}
    assert manifest.chunking == {"size": 200, "overlap": 0, "grouping": "section"}
    assert manifest.sources == [str(source)]


def test_a_second_build_embeds_nothing(source: Path, index: Path) -> None:
    build([source], index, FakeEmbedder())
    second = FakeEmbedder()
    assert build([source], index, second).embedded == 0
    assert second.calls == 0


def test_only_the_texts_of_a_changed_file_are_embedded(source: Path, index: Path) -> None:
    build([source], index, FakeEmbedder())
    (source / "b.txt").write_text("Ein anderer Text. Er ist jetzt neu.")
    second = FakeEmbedder()
    build([source], index, second)
    assert second.texts == ["Ein anderer Text. Er ist jetzt neu.", "Er ist jetzt neu."]


def test_cached_and_fresh_vectors_are_identical(source: Path, tmp_path: Path) -> None:
    def rows(index: Path) -> np.ndarray:
        with closing(open_generation(index)) as generation:
            return generation.sentence_vectors.rows(np.arange(5))

    for index in (tmp_path / "one", tmp_path / "one", tmp_path / "two"):
        build([source], index, FakeEmbedder())
    np.testing.assert_array_equal(rows(tmp_path / "one"), rows(tmp_path / "two"))


def test_two_builds_of_one_source_have_equal_files(source: Path, tmp_path: Path) -> None:
    def files(index: Path) -> object:
        with closing(open_generation(index)) as generation:
            return generation.manifest.files

    for index in (tmp_path / "one", tmp_path / "two"):
        build([source], index, FakeEmbedder())
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_another_model_embeds_everything(source: Path, index: Path) -> None:
    build([source], index, FakeEmbedder())
    assert build([source], index, FakeEmbedder("other", 32)).embedded == 7
    with closing(open_generation(index)) as generation:
        assert generation.passage_vectors.rows(np.arange(1)).shape == (1, 32)


def test_progress_reaches_the_total(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    reports: list[tuple[str, int, int | None]] = []
    build([source], index, embedder, report=lambda *values: reports.append(values))
    assert reports[:2] == [("documents read", 1, None), ("documents read", 2, None)]
    total = sum(len(text) for text in [ONE, "Sie tut es gern.", TWO, f"{ONE} Sie tut es gern.", TWO])
    total += sum(len(text) for text in ["Ein anderer Text.", "Er bleibt, wie er ist."]) * 2 + 1
    assert reports[-1] == ("characters embedded", total, total)


def test_the_summary_names_what_was_left_out(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    (source / "c.odt").write_bytes(b"%PDF")
    (source / "d.txt").write_text("Kommentar (0)")
    (source / "e.md").write_text("---\ndate: morgen\n---\nText.")
    (source / "f.jsonl").write_text('{"_id": "a.txt", "text": "X."}\n{\n{"_id": "f", "text": "Quelle"}\n')
    left_out = [str(problem) for problem in build([source], index, embedder).left_out]
    assert left_out == [
        f"{source}/c.odt: unknown file type (supported: .txt .md .html .docx .pdf .jsonl .zip .tar)",
        f"{source}/d.txt: empty after cleaning",
        f"{source}/e.md: field \"date\" is not a date: 'morgen'",
        f"{source}/f.jsonl: a.txt: document id 'a.txt' is already taken by {source}/a.txt",
        f"{source}/f.jsonl:2: not valid JSON: Expecting property name enclosed in double quotes: "
        "line 1 column 2 (char 1)",
        f"{source}/f.jsonl: f: empty after cleaning",
    ]
    with closing(open_generation(index)) as generation:
        assert generation.manifest.left_out == left_out


def test_a_file_found_twice_is_indexed_once(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    summary = build([source, source / "a.txt"], index, embedder)
    assert summary.counts["documents"] == 2
    assert [problem.source for problem in summary.left_out] == [str(source / "a.txt")]


def test_a_file_name_that_is_not_utf8_does_not_stop_the_build(
    source: Path, index: Path, embedder: FakeEmbedder
) -> None:
    odd = Path(os.fsdecode(os.fsencode(source) + b"/m\xe4.txt"))
    odd.write_text("Ein Text.")
    assert len(build([source], index, embedder).left_out) == 1
    build([odd.rename(source / "c.txt"), source], index, embedder)
    assert list(verify(index)) == []


def test_strict_fails_at_the_first_problem(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    (source / "c.jsonl").write_text("{}\n")
    with pytest.raises(SourceError) as caught:
        build([source], index, embedder, strict=True)
    assert str(caught.value) == f'{source}/c.jsonl:1: field "_id" is missing'
    assert not index.exists()


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_nothing_to_index_is_an_error_and_leaves_no_index(
    tmp_path: Path, index: Path, embedder: FakeEmbedder, name: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"nothing to index in .*: no files|no file or folder at"):
        build([tmp_path / name], index, embedder)
    assert not index.exists()


def test_only_bad_files_are_an_error_that_names_them(
    tmp_path: Path, index: Path, embedder: FakeEmbedder
) -> None:
    (tmp_path / "a.txt").write_bytes(b"")
    with pytest.raises(SourceError, match=rf"^nothing to index in {tmp_path}: {tmp_path}/a\.txt: empty$"):
        build([tmp_path], index, embedder)


def breaking(name: str, error: BaseException) -> Callable[[pytest.MonkeyPatch], None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return lambda patch: patch.setattr(name, fail)


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "name",
    [
        "indexer.storage.document_writer.DocumentWriter.add",
        "indexer.storage.document_writer.DocumentWriter.finish",
        "indexer.storage.key_value_cache.KeyValueCache.open",
        "indexer.storage.key_value_cache.KeyValueCache.put",
        "indexer.build.preparation.DocumentPreparer.flush",
        "indexer.storage.vector_store.FaissStore.save",
        "indexer.storage.lexical_index.Bm25Index.save",
        "indexer.embedding.vector_cache.VectorCache.open",
        "indexer.embedding.vector_cache.VectorCache.embed_by_key",
        "indexer.build.pipeline.file_facts",
        "indexer.index.manifest.Manifest.write",
        "indexer.build.pipeline.sync",
        "indexer.index.live_generation.sync",
        "indexer.build.pipeline.set_live",
        "pathlib.Path.rename",
        "pathlib.Path.replace",
    ],
)
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["disk full", "interrupted"])
def test_a_failed_build_leaves_the_index_unchanged(
    source: Path, index: Path, name: str, error: BaseException
) -> None:
    live = build([source], index, FakeEmbedder()).generation
    before = listing(index)
    (source / "c.txt").write_text("Ein dritter Text.")
    with pytest.MonkeyPatch.context() as patch:
        breaking(name, error)(patch)
        with pytest.raises((IndexingError, KeyboardInterrupt)) as caught:
            build([source], index, FakeEmbedder())
    if error is FULL:
        assert str(caught.value) == f"cannot write the index {index}: [Errno 28] No space left on device"
    assert live_name(index) == live
    assert listing(index) == before
    assert list(verify(index)) == []


def test_a_build_interrupted_after_going_live_stays_live(source: Path, index: Path) -> None:
    build([source], index, FakeEmbedder())
    with pytest.MonkeyPatch.context() as patch:

        def interrupted(index: Path, name: str) -> None:
            set_live(index, name)
            raise KeyboardInterrupt

        patch.setattr(pipeline, "set_live", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build([source], index, FakeEmbedder())
    assert live_name(index) == generation_names(index)[-1]
    assert list(verify(index)) == []


@pytest.mark.parametrize("fail_after", [0, 3, 6])
def test_a_failing_model_leaves_the_index_unchanged(source: Path, index: Path, fail_after: int) -> None:
    live = build([source], index, FakeEmbedder()).generation
    before = listing(index)
    with pytest.raises(RuntimeError, match=r"^the model broke$"):
        build([source], index, FakeEmbedder("other", fail_after=fail_after))
    assert (live_name(index), listing(index)) == (live, before)


def test_a_first_build_that_fails_leaves_no_generation(source: Path, index: Path) -> None:
    with pytest.raises(RuntimeError):
        build([source], index, FakeEmbedder(fail_after=1))
    assert listing(index) == {"generations"}
    build([source], index, FakeEmbedder())
    assert list(verify(index)) == []


def test_a_database_error_is_one_line(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    (index / "vectors" / f"{embedder.digest[:16]}.sqlite").mkdir(parents=True)
    with pytest.raises(IndexingError, match=r"^cannot write the index .*: unable to open database file$"):
        build([source], index, embedder)


def test_an_index_path_that_is_a_file_is_one_line(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    index.write_text("x")
    with pytest.raises(IndexingError, match=r"^cannot write the index "):
        build([source], index, embedder)


def test_what_a_killed_build_left_is_removed(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    build([source], index, embedder)
    for name in ("generations/.building.x1", "generations/.removed.y"):
        (index / name / "lexical").mkdir(parents=True)
        (index / name / "documents.sqlite").write_text("half")
    (index / ".CURRENT.123").write_text("half")
    build([source], index, embedder)
    assert {path.name for path in index.iterdir()} <= {
        "CURRENT",
        "generations",
        "vectors",
        "prepared",
        ".build.lock",
    }
    assert not [path for path in (index / "generations").iterdir() if path.name.startswith(".")]


def test_a_killed_build_leaves_the_old_generation(source: Path, index: Path) -> None:
    live = build([source], index, FakeEmbedder()).generation
    code = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, 'tests/support');"
        "from fakes import FakeEmbedder; from indexer.build import pipeline;"
        "pipeline.set_live = lambda *_: os._exit(9);"
        f"pipeline.build([Path({str(source)!r})], Path({str(index)!r}), FakeEmbedder())"
    )
    killed = subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT)
    assert killed.returncode == 9
    assert live_name(index) == live
    assert len(generation_names(index)) == 2
    build([source], index, FakeEmbedder(), keep=1)
    assert len(generation_names(index)) == 1


def test_a_concurrent_build_is_refused_in_one_line(source: Path, index: Path) -> None:
    running, go_on = threading.Event(), threading.Event()

    class Waiting(FakeEmbedder):
        def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
            running.set()
            assert go_on.wait(30)
            return super().embed_passages(texts, progress)

    first = threading.Thread(target=build, args=([source], index, Waiting()))
    first.start()
    try:
        assert running.wait(30)
        with pytest.raises(IndexingError) as caught:
            build([source], index, FakeEmbedder())
    finally:
        go_on.set()
        first.join()
    assert str(caught.value) == f"another build is running on {index}"
    assert len(generation_names(index)) == 1
    assert list(verify(index)) == []


def test_readers_see_a_complete_generation_during_builds(source: Path, index: Path) -> None:
    build([source], index, FakeEmbedder())
    done = threading.Event()

    def rebuild() -> None:
        for _ in range(6):
            build([source], index, FakeEmbedder(), keep=2)
        done.set()

    builder = threading.Thread(target=rebuild)
    builder.start()
    opened = 0
    while not done.is_set() or not opened:
        with closing(open_generation(index)) as generation:
            assert len(list(generation.store.documents())) == 2
            opened += 1
    builder.join()


def test_old_generations_are_pruned_and_named(source: Path, index: Path) -> None:
    first = build([source], index, FakeEmbedder(), keep=2).generation
    second = build([source], index, FakeEmbedder(), keep=2)
    third = build([source], index, FakeEmbedder(), keep=2)
    assert (second.pruned, third.pruned) == ([], [first])
    assert generation_names(index) == [second.generation, third.generation]


def test_generations_are_in_order_although_the_clock_was_set_back(source: Path, index: Path) -> None:
    first = build([source], index, FakeEmbedder()).generation
    ahead = "20990101T000000000000-" + first.split("-")[1]
    (index / "generations" / first).rename(index / "generations" / ahead)
    set_live(index, ahead)
    names = [ahead, *(build([source], index, FakeEmbedder(), keep=2).generation for _ in range(2))]
    assert names == sorted(names)
    assert generation_names(index) == names[1:]
    assert live_name(index) == names[-1]


def test_a_generation_can_be_read_by_other_accounts(source: Path, index: Path) -> None:
    build([source], index, FakeEmbedder())
    modes = {path.stat().st_mode & 0o044 for path in (index / "generations").rglob("*")}
    assert modes == {0o044}


def test_an_index_can_be_moved(source: Path, index: Path, tmp_path: Path) -> None:
    build([source], index, FakeEmbedder())
    shutil.move(index, tmp_path / "elsewhere")
    assert list(verify(tmp_path / "elsewhere")) == []


def test_rows_are_indexed_beside_files(source: Path, index: Path, embedder: FakeEmbedder) -> None:
    rows = [{"_id": f"row {n}", "title": f"Titel {n}", "text": f"{ONE} Zeile {n}."} for n in range(3)]
    (source / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    build([source], index, embedder)
    with closing(open_generation(index)) as generation:
        found = {document.document_id: document.title for document in generation.store.documents()}
    assert found["row 2"] == "Titel 2"
    assert len(found) == 5


def test_the_store_is_written_in_the_order_of_reading(source: Path, index: Path) -> None:
    build([source], index, FakeEmbedder())
    opened = store.DocumentStore.open(index / "generations" / live_name(index) / "documents.sqlite")
    with closing(opened):
        assert [document.document_id for document in opened.documents()] == ["a.txt", "b.txt"]


def test_the_same_text_under_two_names_is_one_document_with_both_ids(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "alt").mkdir(parents=True)
    for name in ("a.txt", "b.md", "alt/a.txt"):
        (source / name).write_text("Im Dorf gibt es eine Schule.\n", "utf-8")
    (source / "c.txt").write_text("Im Dorf gibt es zwei Schulen.\n", "utf-8")
    summary = build([source], tmp_path / "index", FakeEmbedder())
    assert summary.counts["documents"] == 2 and summary.left_out == []
    with closing(open_generation(tmp_path / "index")) as generation:
        store = generation.store
        numbers = {name: store.number_of(name) for name in ("a.txt", "b.md", "alt/a.txt", "c.txt")}
        assert numbers["a.txt"] == numbers["b.md"] == numbers["alt/a.txt"] != numbers["c.txt"]
        document = store.document(numbers["b.md"] or 0)
        assert sorted([document.document_id, *document.also]) == ["a.txt", "alt/a.txt", "b.md"]
    assert list(verify(tmp_path / "index")) == []


def test_the_same_text_of_two_places_is_two_documents(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for place in ("Hà Giang", "Cà Mau"):
        (source / f"{place}.md").write_text(
            f"---\nplace: {place}\n---\nIm Dorf gibt es eine Schule.\n", "utf-8"
        )
    assert build([source], tmp_path / "index", FakeEmbedder()).counts["documents"] == 2


def test_a_removed_text_is_not_in_the_new_generation(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("Im Dorf gibt es eine Schule.\n", "utf-8")
    (source / "b.txt").write_text("Über den Fluss führt eine Brücke.\n", "utf-8")
    build([source], tmp_path / "index", FakeEmbedder())
    (source / "b.txt").rename(tmp_path / "b.txt")
    (source / "a.txt").rename(source / "umbenannt.txt")
    embedder = FakeEmbedder()
    build([source], tmp_path / "index", embedder)
    assert embedder.texts == []
    with closing(open_generation(tmp_path / "index")) as generation:
        assert [document.document_id for document in generation.store.documents()] == ["umbenannt.txt"]
        assert len(generation.passage_vectors) == len(generation.sentence_vectors) == 1
        assert generation.lexical.scores(["brück", "fluss"]).max() == 0


def test_an_index_within_its_source_is_not_indexed(source: Path) -> None:
    for _ in range(2):
        assert build([source], source / "index", FakeEmbedder()).left_out == []


def everything(index: Path) -> bytes:
    return b"".join(path.read_bytes() for path in index.rglob("*") if path.is_file())


def test_a_removed_text_is_in_no_file_after_its_last_generation(source: Path, index: Path) -> None:
    (source / "c.txt").write_text("Xanthippe kaufte einen Quittenbaum.")
    build([source], index, FakeEmbedder(), keep=2)
    vector = FakeEmbedder().embed_passages(["Xanthippe kaufte einen Quittenbaum."])[0].astype(np.float16)
    assert vector.tobytes() in everything(index)
    (source / "c.txt").unlink()
    build([source], index, FakeEmbedder(), keep=2)
    assert b"Quittenbaum" in everything(index)  # the generation that a rollback leads to
    build([source], index, FakeEmbedder(), keep=2)
    left = everything(index)
    assert b"Quittenbaum" not in left
    assert vector.tobytes() not in left
    assert build([source], index, FakeEmbedder(), keep=2).embedded == 0


def test_cached_preparations_give_the_same_generation(source: Path, index: Path, tmp_path: Path) -> None:
    def files(index: Path) -> object:
        with closing(open_generation(index)) as generation:
            return generation.manifest.files

    (source / "leer.txt").write_text("§ 1")
    for folder in (index, index, tmp_path / "other"):
        build([source], folder, FakeEmbedder())
    assert files(index) == files(tmp_path / "other")


def test_rows_with_equal_texts_keep_their_ids(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"_id": "1", "text": "Ein Satz."}\n{"_id": "2", "text": "Ein Satz."}\n'
    )
    assert build([tmp_path / "a.jsonl"], tmp_path / "index", FakeEmbedder()).counts["documents"] == 2


def test_hostile_documents_are_named_and_the_others_are_indexed(
    source: Path, index: Path, embedder: FakeEmbedder
) -> None:
    (source / "c.md").write_text("---\ndate: !!timestamp gestern\n---\nText.")
    (source / "d.md").write_text(f"---\nx: {'[' * 100_000}\n---\nText.")
    (source / "e.txt").write_text(f"Quelle{' ' * 40_000}x\nEin dritter Text.")
    rows = [
        {
            "_id": "f",
            "title": "T \ud83d",
            "text": "Ein Satz \ud83d mit halbem Zeichen.",
            "url": "https://a.vn/\udc00",
        },
        {"_id": "g", "text": "Ein Satz.\nQuelle: https://b.vn/\ud83d\x1b[2J\u202e/x"},
    ]
    (source / "h.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = build([source], index, embedder)
    assert [Path(problem.source).name for problem in summary.left_out] == ["c.md", "d.md"]
    with closing(open_generation(index)) as generation:
        documents = {document.document_id: document for document in generation.store.documents()}
    assert set(documents) == {"a.txt", "b.txt", "e.txt", "f", "g"}
    assert (documents["f"].title, documents["f"].url) == ("T", "https://a.vn/")
    assert documents["g"].url == "https://b.vn/[2J/x"


def test_a_document_that_cannot_be_prepared_is_named(
    source: Path, index: Path, embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_mentions(text: str) -> Mentions:
        if "anderer" in text:
            raise RecursionError("too deep")
        return Mentions()

    monkeypatch.setattr("indexer.build.preparation.find_mentions", find_mentions)
    summary = build([source], index, embedder)
    assert [str(problem) for problem in summary.left_out] == [
        f"{source / 'b.txt'}: cannot be prepared (RecursionError: too deep)"
    ]


def test_links_out_of_a_source_are_followed_on_request(
    source: Path, index: Path, embedder: FakeEmbedder, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("Ein geheimer Satz.")
    (source / "c.txt").symlink_to(tmp_path / "secret.txt")
    assert len(build([source], index, embedder).left_out) == 1
    assert build([source], index, embedder, follow_links=True).counts["documents"] == 3
