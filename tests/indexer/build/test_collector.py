"""First pass of a build: what it collects of the documents it reads."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from indexer.build.collector import CollectedCorpus, StemTable, collect
from indexer.build.preparation import DocumentPreparer
from indexer.embedding.vector_cache import text_key
from indexer.errors import SourceError
from indexer.preprocessing.chunking import Chunking
from indexer.storage.document_store import DocumentStore
from indexer.storage.document_writer import DocumentWriter
from indexer.storage.key_value_cache import KeyValueCache

REPORT = "Die Resolution 57 gilt. Es fehlt Geld."
OTHER = "Das Dach ist rot."


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.txt").write_text(REPORT)
    (folder / "b.txt").write_text(OTHER)
    return folder


@contextmanager
def collecting(
    source: Path, folder: Path, *, strict: bool = False, steps: list[int] | None = None
) -> Iterator[tuple[CollectedCorpus, DocumentStore]]:
    with (
        closing(KeyValueCache.open(folder / "cache.sqlite")) as cache,
        closing(DocumentWriter(folder / "documents.sqlite")) as writer,
    ):
        corpus = collect(
            [source],
            folder / "index",
            DocumentPreparer(cache, Chunking(), FakeEmbedder()),
            writer,
            strict,
            lambda _step, done, _total: steps.append(done) if steps is not None else None,
        )
        with closing(DocumentStore.open(folder / "documents.sqlite")) as store:
            yield corpus, store


def test_every_text_to_embed_is_found_by_its_span(source: Path, tmp_path: Path) -> None:
    with collecting(source, tmp_path) as (corpus, store):
        spans = [corpus.sentences.span(row) for row in range(len(corpus.sentences.keys))]
        texts = [store.text(document)[start:end] for document, start, end in spans]
    assert texts == ["Die Resolution 57 gilt.", "Es fehlt Geld.", OTHER]
    assert corpus.sentences.keys == [text_key(text) for text in texts]
    assert corpus.sentences.lengths.tolist() == [len(text) for text in texts]


def test_passages_are_collected_apart_from_sentences(source: Path, tmp_path: Path) -> None:
    with collecting(source, tmp_path) as (corpus, _):
        assert corpus.passages.keys == [text_key(REPORT), text_key(OTHER)]


def test_documents_that_name_a_reference_are_noted_with_their_sentences(source: Path, tmp_path: Path) -> None:
    with collecting(source, tmp_path) as (corpus, _):
        assert corpus.referring == [(0, 0, 2)]
        assert len(corpus.stems) == 2


def test_every_sentence_has_cues(source: Path, tmp_path: Path) -> None:
    with collecting(source, tmp_path) as (corpus, _):
        assert corpus.cues().shape == (3, 8, 3)


def test_progress_counts_the_documents(source: Path, tmp_path: Path) -> None:
    steps: list[int] = []
    with collecting(source, tmp_path, steps=steps):
        assert steps == [1, 2]


def test_a_file_with_the_text_of_another_becomes_a_further_id(source: Path, tmp_path: Path) -> None:
    (source / "c.txt").write_text(REPORT)
    with collecting(source, tmp_path) as (_, store):
        assert [(d.document_id, d.also) for d in store.documents()] == [("a.txt", ("c.txt",)), ("b.txt", ())]


def test_a_file_that_cannot_be_indexed_is_left_out(source: Path, tmp_path: Path) -> None:
    (source / "c.txt").write_bytes(b"")
    with collecting(source, tmp_path) as (corpus, _):
        assert [str(problem) for problem in corpus.left_out] == [f"{source}/c.txt: empty"]


def test_strict_fails_at_a_file_that_cannot_be_indexed(source: Path, tmp_path: Path) -> None:
    (source / "c.txt").write_bytes(b"")
    with (
        pytest.raises(SourceError, match=r"/c\.txt: empty$"),
        collecting(source, tmp_path, strict=True),
    ):
        pass


def test_a_source_without_documents_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with (
        pytest.raises(SourceError, match=r"^nothing to index in .*/source: no files$"),
        collecting(tmp_path / "source", tmp_path),
    ):
        pass


def test_stems_come_back_by_sentence() -> None:
    table = StemTable()
    rows = [{"dach", "rot"}, set(), {"rot", "haus"}]
    for row in rows:
        table.add(row)
    assert [table[number] for number in range(len(table))] == rows
