"""Preparation of documents and its cache."""

import shutil
import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from unittest.mock import patch

import pytest
from fakes import FakeEmbedder
from paths import ROOT

from indexer.build import preparation
from indexer.build.preparation import DocumentPreparer, prepare, program_digest
from indexer.build.prepared_document import PreparedDocument
from indexer.documents import RawDocument
from indexer.errors import SourceError
from indexer.preprocessing.chunking import Chunking
from indexer.storage.key_value_cache import KeyValueCache


def raw(name: str, text: str, **stated: str) -> RawDocument:
    return RawDocument(name, Path(name), text, fields=stated)


A = raw("a.txt", "Mängel\nDie Resolution 57 gilt seit Mai 2024 in Hà Giang.\nEs fehlt Geld.", title="Bericht")
B = raw("b.txt", "Das Dach ist rot.")


def prepared_now(
    folder: Path,
    documents: Iterable[RawDocument],
    *,
    chunking: Chunking | None = None,
    model: str = "fake",
    program: bytes = b"this program",
    keep: int = 3,
) -> list[str]:
    """Ids of the documents that one build prepares instead of taking them from the cache."""
    with (
        closing(KeyValueCache.open(folder / "cache.sqlite")) as cache,
        patch("indexer.build.preparation.prepare", wraps=preparation.prepare) as prepared,
    ):
        preparer = DocumentPreparer(cache, chunking or Chunking(), FakeEmbedder(model), program)
        for document in documents:
            preparer.prepare(document)
        preparer.flush()
        preparer.evict(keep)
    return [call.args[0].document_id for call in prepared.call_args_list]


def content(prepared: PreparedDocument) -> dict[str, object]:
    """The fields of a prepared document, comparable."""
    values = {field.name: getattr(prepared, field.name) for field in fields(prepared)}
    return values | {"cues": prepared.cues.tolist()}


def test_a_document_is_cleaned_described_split_and_annotated() -> None:
    prepared = prepare(A, Chunking(), FakeEmbedder())
    assert (prepared.document.title, prepared.document.language) == ("Bericht", "de")
    assert [sentence.is_heading for sentence in prepared.sentences] == [True, False, False]
    assert [reference.key for reference in prepared.document.references] == ["NQ-57"]
    assert prepared.cues.shape == (3, 8, 3)
    assert len(prepared.terms) == len(prepared.passages)
    assert prepared.mentions.places == {"Hà Giang"}


def test_only_documents_with_references_have_stems() -> None:
    prepared = [prepare(document, Chunking(), FakeEmbedder()) for document in (A, B)]
    assert [len(document.stems) for document in prepared] == [3, 0]


def test_a_document_that_is_empty_after_cleaning_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"^empty after cleaning$"):
        prepare(raw("c.txt", "Kommentar (0)"), Chunking(), FakeEmbedder())


def test_a_cached_document_equals_a_prepared_one(tmp_path: Path) -> None:
    documents = [A, B, raw("§.txt", "§ 1")]
    prepared_now(tmp_path, documents)
    with closing(KeyValueCache.open(tmp_path / "cache.sqlite")) as cache:
        preparer = DocumentPreparer(cache, Chunking(), FakeEmbedder(), b"this program")
        cached = [content(preparer.prepare(document)) for document in documents]
    assert cached == [content(prepare(document, Chunking(), FakeEmbedder())) for document in documents]


def test_only_what_changed_is_prepared_again(tmp_path: Path) -> None:
    assert prepared_now(tmp_path, [A, B]) == ["a.txt", "b.txt"]
    assert prepared_now(tmp_path, [A, B]) == []
    assert prepared_now(tmp_path, [A, replace(B, text="Das Dach ist blau.")]) == ["b.txt"]


def test_a_renamed_document_is_not_prepared_again(tmp_path: Path) -> None:
    prepared_now(tmp_path, [A])
    assert prepared_now(tmp_path, [replace(A, document_id="z.txt", source=Path("z.txt"))]) == []


@pytest.mark.parametrize(
    "changed", [{"chunking": Chunking(200)}, {"model": "another"}, {"program": b"another program"}]
)
def test_other_settings_prepare_everything_again(tmp_path: Path, changed: dict[str, object]) -> None:
    prepared_now(tmp_path, [A, B])
    assert prepared_now(tmp_path, [A, B], **changed) == ["a.txt", "b.txt"]  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [b"", b"x" * 50, zlib.compress(b"\x01"), zlib.compress(b"\xc1")])
def test_a_damaged_value_is_prepared_again(tmp_path: Path, value: bytes) -> None:
    prepared_now(tmp_path, [A, B])
    with closing(sqlite3.connect(tmp_path / "cache.sqlite")) as connection:
        connection.execute("UPDATE kept SET value = ?", (value,))
        connection.commit()
    assert prepared_now(tmp_path, [A, B]) == ["a.txt", "b.txt"]


def test_a_document_that_builds_no_longer_use_is_evicted(tmp_path: Path) -> None:
    prepared_now(tmp_path, [A, B])
    for _ in range(2):
        prepared_now(tmp_path, [A], keep=2)
    assert prepared_now(tmp_path, [A, B]) == ["b.txt"]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that builds."""
    copy = tmp_path / "indexer"
    shutil.copytree(ROOT / "indexer", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_a_copy_of_the_program_has_the_same_digest(package: Path) -> None:
    assert program_digest(package) == program_digest()


@pytest.mark.parametrize(
    "name",
    [
        "analysis/analyzer.py",
        "annotation/aspect_cues.py",
        "build/preparation.py",
        "build/prepared_document.py",
        "documents.py",
        "embedding/sentence_transformer.py",
        "entities/dates.py",
        "preprocessing/cleaning.py",
        "resources/glossary.tsv",
        "resources/vietnamese.txt",
        "text/sentence_splitter.py",
    ],
)
def test_a_change_of_what_decides_a_preparation_changes_the_digest(package: Path, name: str) -> None:
    with (package / name).open("a") as file:
        file.write("\n")
    assert program_digest(package) != program_digest()


@pytest.mark.parametrize(
    "name", ["build/pipeline.py", "cli/commands.py", "index/folder.py", "sources/reader.py", "storage/new.py"]
)
def test_a_change_elsewhere_does_not_change_the_digest(package: Path, name: str) -> None:
    with (package / name).open("a") as file:
        file.write("\n")
    assert program_digest(package) == program_digest()
