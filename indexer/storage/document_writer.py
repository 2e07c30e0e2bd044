"""Writer of the documents, spans and mentions of a generation into one SQLite file."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from indexer.documents import Document, Passage, Sentence
from indexer.entities.mentions import Mentions
from indexer.storage.document_store import INTEGERS, SPANS
from indexer.storage.mention_rows import to_rows

_SCHEMA = """
-- The text comes last: SQLite reads a row up to the last column that is asked for.
CREATE TABLE documents (number INTEGER PRIMARY KEY, document_id TEXT UNIQUE NOT NULL, title TEXT NOT NULL,
    sha256 TEXT NOT NULL, language TEXT NOT NULL, url TEXT, published TEXT, place TEXT, text TEXT NOT NULL);
CREATE TABLE further_ids (document_id TEXT PRIMARY KEY, document INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX further_ids_by_document ON further_ids (document);
CREATE TABLE spans (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE document_references (document INTEGER NOT NULL, "key" TEXT NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX references_by_key ON document_references ("key");
CREATE INDEX references_by_document ON document_references (document);
CREATE TABLE mentions (document INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (document, kind, value)) WITHOUT ROWID;
"""


class _Columns:
    """Spans by column, so that a generation is opened without an object for each span."""

    def __init__(self) -> None:
        self._columns = {
            f"{table}.{column}": array("q") for table, columns in SPANS.items() for column in columns
        }
        self._sentences = [self._columns[f"sentences.{column}"] for column in SPANS["sentences"]]
        self._passages = [self._columns[f"passages.{column}"] for column in SPANS["passages"]]

    def sentence(self, *values: int) -> None:
        for column, value in zip(self._sentences, values, strict=True):
            column.append(value)

    def passage(self, *values: int) -> None:
        for column, value in zip(self._passages, values, strict=True):
            column.append(value)

    def values(self) -> list[tuple[str, bytes]]:
        return [(name, np.array(column, INTEGERS).tobytes()) for name, column in self._columns.items()]


class DocumentWriter:
    """Writes a store document by document.

    Everything is numbered from 0 in the order of writing; the sentence numbers of a stored passage are those
    of the generation, not of its document.

    Attributes:
        documents, sentences, passages: numbers written so far.
    """

    def __init__(self, path: Path) -> None:
        self.documents = self.sentences = self.passages = 0
        self._number: dict[str, int] = {}
        self._spans = _Columns()
        self._connection = sqlite3.connect(path)
        # Nothing reads this file before it is complete; the final sync makes it durable.
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    def add(
        self,
        document: Document,
        sentences: Sequence[Sentence],
        passages: Sequence[Passage],
        mentions: Mentions,
    ) -> None:
        """Write one document with its sentences, its passages and what its text mentions."""
        number, first_sentence = self.documents, self.sentences
        execute, execute_many = self._connection.execute, self._connection.executemany
        execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                *(document.document_id, document.title, document.sha256, document.language),
                *(document.url, document.published, document.place, document.text),
            ),
        )
        for sentence in sentences:
            self._spans.sentence(number, sentence.start, sentence.end, int(sentence.is_heading))
        for passage in passages:
            outer = (first_sentence + passage.first_sentence, first_sentence + passage.last_sentence)
            self._spans.passage(number, passage.start, passage.end, *outer)
        execute_many(
            "INSERT INTO document_references VALUES (?, ?, ?, ?, ?)",
            [(number, ref.key, ref.start, ref.end, ref.text) for ref in document.references],
        )
        execute_many("INSERT INTO further_ids VALUES (?, ?)", [(name, number) for name in document.also])
        execute_many(
            "INSERT INTO mentions VALUES (?, ?, ?)",
            [(number, kind, value) for kind, value in to_rows(mentions)],
        )
        self._number[document.document_id] = number
        self.documents += 1
        self.sentences += len(sentences)
        self.passages += len(passages)

    def finish(self, also: Mapping[str, Sequence[str]]) -> None:
        """Complete the file.

        Args:
            also: further ids of documents, by the id under which each was added.
        """
        self._connection.executemany(
            "INSERT INTO further_ids VALUES (?, ?)",
            [(name, self._number[first]) for first, names in also.items() for name in names],
        )
        self._connection.executemany("INSERT INTO spans VALUES (?, ?)", self._spans.values())
        self._connection.commit()
