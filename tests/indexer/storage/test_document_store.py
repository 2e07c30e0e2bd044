import sqlite3
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from stores import write_documents

from indexer.documents import Document, Passage, RawDocument, Sentence
from indexer.errors import IndexDamagedError
from indexer.preprocessing.chunking import split_document
from indexer.preprocessing.metadata import to_document
from indexer.storage.document_store import DocumentStore, Metadata

RAW = [
    RawDocument("a.txt", Path("a.txt"), "Mängel\nDie Resolution Nr. 57 gilt. Sie gilt sehr."),
    RawDocument(
        "b 👩\u200d👧.txt",
        Path("b.txt"),
        "Kết luận số 118-KL/TW và Nghị quyết số 57-NQ/TW.",
        fields={"date": "2025-03-17", "place": "Hà Giang", "title": "Báo cáo", "url": "https://a.vn/b"},
    ),
]


def split() -> list[tuple[Document, list[Sentence], list[Passage]]]:
    documents = [to_document(raw) for raw in RAW]
    return [(document, *split_document(document.text)) for document in documents]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[DocumentStore]:
    assert write_documents(tmp_path / "a.sqlite", split()) == (2, 4, 2)
    with closing(DocumentStore.open(tmp_path / "a.sqlite")) as opened:
        yield opened


def test_documents_come_back_as_they_were_written(opened: DocumentStore) -> None:
    written = [document for document, _, _ in split()]
    assert list(opened.documents()) == written
    assert [opened.document(number) for number in range(2)] == written


def test_a_part_of_the_documents_can_be_listed(opened: DocumentStore) -> None:
    assert [d.document_id for d in opened.listed(first=1, limit=5)] == ["b 👩\u200d👧.txt"]
    assert [d.document_id for d in opened.listed(limit=1)] == ["a.txt"]


def test_listed_documents_have_all_but_their_texts(opened: DocumentStore) -> None:
    for listed, document in zip(opened.listed(), opened.documents(), strict=True):
        assert {name: getattr(document, name) for name in asdict(listed)} == asdict(listed)


def test_neither_lists_nor_mentions_read_a_text(tmp_path: Path) -> None:
    path = written(tmp_path, MENTIONS)
    stored = mentions(path)
    with closing(sqlite3.connect(path)) as connection:
        # Reading this one would be an error.
        connection.execute("UPDATE documents SET text = CAST(X'FFFE' AS TEXT)")
        connection.commit()
    assert mentions(path) == stored
    with closing(DocumentStore.open(path)) as store:
        assert [document.document_id for document in store.listed()] == ["a.txt"]
        with pytest.raises(IndexDamagedError):
            store.document(0)


def test_the_documents_kept_in_memory_are_bounded_in_bytes(tmp_path: Path) -> None:
    texts = [f"Bericht {number}. " + "Wort für Wort. " * 7000 for number in range(20)]
    raws = [RawDocument(f"{n:02}.txt", Path("a.txt"), text) for n, text in enumerate(texts)]
    write_documents(tmp_path / "a.sqlite", [(to_document(raw), [], []) for raw in raws])
    with closing(DocumentStore.open(tmp_path / "a.sqlite", cached_bytes=500_000)) as store:
        tracemalloc.start()
        for number in range(20):
            assert store.document(number).text.startswith(f"Bericht {number}.")
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # Twenty of 100 kB, of which four are kept.
        assert held < 800_000
        assert store.document(19) is store.document(19)


def test_a_document_larger_than_all_that_is_kept_is_read_once(tmp_path: Path) -> None:
    path = written(tmp_path, MENTIONS)
    with closing(DocumentStore.open(path, cached_bytes=10)) as store:
        assert store.document(0) is store.document(0)


def test_a_document_is_found_by_its_id(opened: DocumentStore) -> None:
    assert [opened.number_of(name) for name in ("b 👩\u200d👧.txt", "c.txt")] == [1, None]


@pytest.mark.parametrize("number", [-1, 2])
def test_a_number_of_no_document_is_an_error(opened: DocumentStore, number: int) -> None:
    with pytest.raises(IndexDamagedError, match=rf"^a\.sqlite: no document number {number}$"):
        opened.document(number)


def test_metadata_are_in_order_of_numbers(opened: DocumentStore) -> None:
    assert opened.metadata() == Metadata(
        ("a.txt", "b 👩\u200d👧.txt"), ("de", "vi"), (None, "2025-03-17"), (None, "Hà Giang")
    )


def test_references_are_in_reading_order(opened: DocumentStore) -> None:
    assert [(key, document) for key, document, _, _, _ in opened.references()] == [
        ("NQ-57", 0),
        ("KL-118", 1),
        ("NQ-57", 1),
    ]
    assert all(opened.document(n).text[start:end] == text for _, n, start, end, text in opened.references())


def test_keys_of_references_are_distinct(opened: DocumentStore) -> None:
    assert opened.keys() == ["KL-118", "NQ-57"]


def test_a_store_counts_its_content(opened: DocumentStore) -> None:
    assert opened.counts() == {"documents": 2, "sentences": 4, "passages": 2}


def test_spans_are_numbered_over_the_whole_generation(opened: DocumentStore) -> None:
    sentences, passages = opened.sentences(), opened.passages()
    assert (len(sentences), len(passages)) == (4, 2)
    assert list(sentences.document) == [0, 0, 0, 1]
    assert list(sentences.first) == list(sentences.last) == [0, 1, 2, 3]
    assert list(sentences.heading) == [True, False, False, False]
    assert (list(passages.first), list(passages.last)) == ([0, 3], [2, 3])
    np.testing.assert_array_equal(passages.start, sentences.start[passages.first])
    np.testing.assert_array_equal(passages.end, sentences.end[passages.last])


def test_an_empty_store_has_no_spans(tmp_path: Path) -> None:
    assert write_documents(tmp_path / "a.sqlite", []) == (0, 0, 0)
    opened = DocumentStore.open(tmp_path / "a.sqlite")
    assert (len(opened.passages()), len(opened.sentences()), opened.metadata()) == (0, 0, ((),) * 4)
    opened.close()


def test_reading_changes_no_file(tmp_path: Path) -> None:
    write_documents(tmp_path / "a.sqlite", split())
    before = (tmp_path / "a.sqlite").read_bytes()
    with closing(DocumentStore.open(tmp_path / "a.sqlite")) as store:
        store.document(0)
        assert [path.name for path in tmp_path.iterdir()] == ["a.sqlite"]
    assert (tmp_path / "a.sqlite").read_bytes() == before


def test_several_threads_read_at_once(opened: DocumentStore) -> None:
    wrong: list[object] = []

    def read() -> None:
        for _ in range(50):
            ids = [document.document_id for document in opened.documents()]
            if ids != [raw.document_id for raw in RAW] or opened.number_of("a.txt") != 0:
                wrong.append(ids)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexDamagedError, match=r"^a\.sqlite: missing$"):
        DocumentStore.open(tmp_path / "a.sqlite")


@pytest.mark.parametrize("data", [b"", b"no database" * 500])
def test_a_file_that_is_no_store_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.sqlite").write_bytes(data)
    opened = DocumentStore.open(tmp_path / "a.sqlite")
    with pytest.raises(IndexDamagedError, match=r"^a\.sqlite: not a readable store \("):
        opened.passages()
    opened.close()


def test_a_path_with_odd_letters_can_be_opened(tmp_path: Path) -> None:
    folder = tmp_path / "Größe 57 %?#"
    folder.mkdir()
    write_documents(folder / "a.sqlite", split())
    opened = DocumentStore.open(folder / "a.sqlite")
    assert opened.number_of("a.txt") == 0
    opened.close()


MENTIONS = """Am 25. April 2024 tagte der Ausschuss in Hà Giang.
Er berichtete im Juni 2024 über Quảng Ninh und Huế und über das Jahr 2023."""


def written(folder: Path, text: str) -> Path:
    document = to_document(RawDocument("a.txt", Path("a.txt"), text))
    write_documents(folder / "a.sqlite", [(document, *split_document(document.text))])
    return folder / "a.sqlite"


def mentions(path: Path) -> tuple[frozenset[object], ...]:
    with closing(DocumentStore.open(path)) as store:
        return store.places_in(0), store.periods_in(0), store.days_in(0)


def test_mentions_come_back_as_they_were_written(tmp_path: Path) -> None:
    assert mentions(written(tmp_path, MENTIONS)) == (
        {"Hà Giang", "Quảng Ninh", "Huế"},
        {("2024-04-25", "2024-04-25"), ("2024-06-01", "2024-06-30"), ("2023-01-01", "2023-12-31")},
        {(4, 25)},
    )


def test_mentions_are_parsed_from_the_text_where_none_are_stored(tmp_path: Path) -> None:
    path = written(tmp_path, MENTIONS)
    stored = mentions(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE mentions")
    assert mentions(path) == stored


def test_mentions_of_one_document_are_not_those_of_another(opened: DocumentStore) -> None:
    assert [opened.places_in(number) for number in (0, 1)] == [frozenset(), frozenset()]


def test_a_damaged_mention_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, MENTIONS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE mentions SET value = 'May' WHERE kind = 'day'")
        connection.commit()
    with pytest.raises(IndexDamagedError, match=r"^a\.sqlite: document 0: a mention that is not a day "):
        mentions(path)
