"""Prepared documents and their form in the preparation cache."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgpack
import numpy as np
import numpy.typing as npt

from indexer.annotation.aspects import ASPECTS
from indexer.arrays import Strengths
from indexer.documents import Document, Passage, Sentence
from indexer.entities.mentions import Mentions
from indexer.entities.references import Reference

_SEPARATOR = "\n"
_msgpack: Any = msgpack  # without types


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document with everything that is computed from it before anything is embedded.

    Attributes:
        cues: features of its sentences on aspects, shape ``(sentences, len(ASPECTS), 3)``.
        terms: lexical terms of each passage.
        stems: topic stems of each sentence; empty if the document names no reference.
        mentions: what its text mentions.
    """

    document: Document
    sentences: list[Sentence]
    passages: list[Passage]
    cues: Strengths
    terms: list[list[str]]
    stems: list[frozenset[str]]
    mentions: Mentions


def pack(prepared: PreparedDocument) -> bytes:
    """The bytes from which ``unpack`` makes an equal document; its id is not part of them."""
    document, mentions = prepared.document, prepared.mentions
    fields = (document.text, document.title, document.sha256, document.language)
    values = [
        [*fields, document.url, document.published, document.place],
        [(ref.key, ref.start, ref.end, ref.text) for ref in document.references],
        _integers([(s.start, s.end, s.is_heading) for s in prepared.sentences]),
        _integers([(p.start, p.end, p.first_sentence, p.last_sentence) for p in prepared.passages]),
        prepared.cues.astype(np.float32).tobytes(),
        _joined(prepared.terms),
        _joined([sorted(stems) for stems in prepared.stems]),
        [sorted(mentions.places), sorted(mentions.periods), sorted(mentions.days)],
    ]
    # The checksum of the compressed data also reveals a value that was damaged on the disk.
    return zlib.compress(_msgpack.packb(values), 1)


def unpack(value: bytes, document_id: str) -> PreparedDocument | None:
    """The packed document under an id, ``None`` for a damaged value."""
    try:
        fields, references, sentences, passages, cues, terms, stems, mentions = _msgpack.unpackb(
            zlib.decompress(value)
        )
    except (zlib.error, ValueError, TypeError, msgpack.UnpackException):
        return None
    document = Document(document_id, *fields)
    sentence_rows = _rows(sentences, 3)
    places, periods, days = mentions
    return PreparedDocument(
        replace(document, references=tuple(Reference(*reference) for reference in references)),
        [Sentence(start, end, bool(heading)) for start, end, heading in sentence_rows],
        [Passage(*row) for row in _rows(passages, 4)],
        np.frombuffer(cues, np.float32).reshape(len(sentence_rows), len(ASPECTS), 3),
        [_split(line) for line in terms],
        [frozenset(_split(line)) for line in stems],
        Mentions(frozenset(places), frozenset(map(_pair, periods)), frozenset(map(_pair, days))),
    )


def _joined(rows: Sequence[Sequence[str]]) -> list[str]:
    return [_SEPARATOR.join(row) for row in rows]


def _split(line: str) -> list[str]:
    return line.split(_SEPARATOR) if line else []


def _pair(values: list[Any]) -> tuple[Any, Any]:
    first, second = values
    return first, second


def _integers(rows: Sequence[tuple[int, ...]]) -> bytes:
    return np.asarray(rows, np.int64).tobytes()


def _rows(stored: bytes, columns: int) -> list[list[int]]:
    numbers: npt.NDArray[np.int64] = np.frombuffer(stored, np.int64)
    rows: list[list[int]] = numbers.reshape(-1, columns).tolist()
    return rows
