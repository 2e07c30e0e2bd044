"""Small stores written in one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from indexer.documents import Document, Passage, Sentence
from indexer.entities.mentions import find_mentions
from indexer.storage.document_writer import DocumentWriter
from indexer.storage.lexical_index import Bm25Builder, Bm25Index


def write_documents(
    path: Path, documents: Iterable[tuple[Document, Sequence[Sentence], Sequence[Passage]]]
) -> tuple[int, int, int]:
    """Write documents with their sentences and passages; returns how many of each there are."""
    with closing(DocumentWriter(path)) as writer:
        for document, sentences, passages in documents:
            writer.add(document, sentences, passages, find_mentions(document.text))
        writer.finish({})
    return writer.documents, writer.sentences, writer.passages


def lexical_index(passages: Iterable[Sequence[str]]) -> Bm25Index:
    """A lexical index over the terms of each passage, numbered from 0."""
    builder = Bm25Builder()
    for terms in passages:
        builder.add(terms)
    return builder.finish()
