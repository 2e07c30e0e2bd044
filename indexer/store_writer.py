"""Writing the documents and spans of a generation into one SQLite file, once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from indexer.documents import Document, Passage, Sentence

_SCHEMA = """
CREATE TABLE documents (number INTEGER PRIMARY KEY, document_id TEXT UNIQUE NOT NULL, title TEXT NOT NULL,
    text TEXT NOT NULL, sha256 TEXT NOT NULL, language TEXT NOT NULL, url TEXT, published TEXT, place TEXT);
CREATE TABLE further_ids (document_id TEXT PRIMARY KEY, document INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX further_ids_by_document ON further_ids (document);
CREATE TABLE sentences (number INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, is_heading INTEGER NOT NULL);
CREATE TABLE passages (number INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, first_sentence INTEGER NOT NULL, last_sentence INTEGER NOT NULL);
CREATE TABLE document_references (document INTEGER NOT NULL, "key" TEXT NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX references_by_key ON document_references ("key");
CREATE INDEX references_by_document ON document_references (document);
"""


def write(
    path: Path, documents: Iterable[tuple[Document, Sequence[Sentence], Sequence[Passage]]]
) -> tuple[int, int, int]:
    """Write documents with their sentences and passages; returns how many of each there are."""
    with closing(StoreWriter(path)) as writer:
        for document, sentences, passages in documents:
            writer.add(document, sentences, passages)
        writer.finish({})
    return writer.documents, writer.sentences, writer.passages


class StoreWriter:
    """Writes a store document by document; ``documents``, ``sentences``, ``passages``: how many by now.

    Numbers count from 0 in the order of writing. Sentence numbers of a passage are those of the whole
    generation here, not of its document.
    """

    def __init__(self, path: Path) -> None:
        self.documents = self.sentences = self.passages = 0
        self._number: dict[str, int] = {}
        self._connection = sqlite3.connect(path)
        # Nothing reads this file before it is complete: durability comes from the final sync.
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    def add(self, document: Document, sentences: Sequence[Sentence], passages: Sequence[Passage]) -> None:
        number, first_sentence, first_passage = self.documents, self.sentences, self.passages
        execute, execute_many = self._connection.execute, self._connection.executemany
        execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                *(document.document_id, document.title, document.text, document.sha256),
                *(document.language, document.url, document.published, document.place),
            ),
        )
        execute_many(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
            [
                (first_sentence + i, number, sentence.start, sentence.end, sentence.is_heading)
                for i, sentence in enumerate(sentences)
            ],
        )
        execute_many(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    *(first_passage + i, number, passage.start, passage.end),
                    *(first_sentence + passage.first_sentence, first_sentence + passage.last_sentence),
                )
                for i, passage in enumerate(passages)
            ],
        )
        execute_many(
            "INSERT INTO document_references VALUES (?, ?, ?, ?, ?)",
            [(number, ref.key, ref.start, ref.end, ref.text) for ref in document.references],
        )
        execute_many("INSERT INTO further_ids VALUES (?, ?)", [(name, number) for name in document.also])
        self._number[document.document_id] = number
        self.documents += 1
        self.sentences += len(sentences)
        self.passages += len(passages)

    def finish(self, also: Mapping[str, Sequence[str]]) -> None:
        """Complete the file; ``also``: ids found later, by the id that a document was added under."""
        self._connection.executemany(
            "INSERT INTO further_ids VALUES (?, ?)",
            [(name, self._number[first]) for first, names in also.items() for name in names],
        )
        self._connection.commit()
