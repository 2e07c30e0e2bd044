"""What is made of one raw document before anything is embedded, and kept by content from build to build.

Cleaning, splitting, stemming and looking for what sentences tell take most of a build that embeds nothing:
with one changed document among a hundred thousand, only that one is prepared again.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import numpy.typing as npt

from indexer.analysis import analyzer
from indexer.annotation import aspect_classifier
from indexer.annotation.aspects import ASPECTS
from indexer.arrays import Strengths
from indexer.documents import Document, Passage, RawDocument, Sentence
from indexer.embedding.embedder import Embedder
from indexer.entities.mentions import Mentions, find_mentions
from indexer.entities.references import Reference
from indexer.preprocessing.chunking import Chunking, split_document
from indexer.preprocessing.metadata import to_document
from indexer.storage.key_value_cache import KeyValueCache

#: Libraries whose other version may clean, split or stem otherwise.
_LIBRARIES = ("langchain-text-splitters", "py3langid", "PyStemmer")
#: Packages and modules of this program that decide what is made of a document. A changed command line or
#: reader of files prepares nothing again: what was read is part of the key.
_PACKAGES = ("analysis", "annotation", "entities", "preprocessing", "resources", "text")
_MODULES = ("build/preparation.py", "documents.py")
#: Bytes of prepared documents between two commits.
_COMMIT_EVERY = 4_000_000
_TERMS_APART = "\n"
_msgpack: Any = msgpack  # without types


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with its sentences and passages.

    ``told``: the evidence of its words on aspects, shape ``(sentences, len(ASPECTS), kinds)``; ``terms``: the
    lexical terms of each passage.
    """

    document: Document
    sentences: list[Sentence]
    passages: list[Passage]
    told: Strengths
    terms: list[list[str]]
    mentions: Mentions


def prepare(raw: RawDocument, chunking: Chunking, embedder: Embedder) -> Prepared:
    """Clean, describe and split a raw document.

    Raises:
        SourceError: it is none.
    """
    document = to_document(raw)
    text, language = document.text, document.language
    sentences, passages = split_document(text, chunking)
    terms = [
        analyzer.document_terms(said, language) + analyzer.subword_terms(said, language, embedder.subwords)
        for said in (text[passage.start : passage.end] for passage in passages)
    ]
    told = aspect_classifier.evidence_of_words(text, sentences)
    return Prepared(document, sentences, passages, told, terms, find_mentions(text))


class DocumentPreparer:
    """Prepares documents, or takes what was made of the same content by this very program before."""

    def __init__(self, kept: KeyValueCache, chunking: Chunking, embedder: Embedder) -> None:
        self._kept = kept
        self._chunking = chunking
        self._embedder = embedder
        self._made_by = _made_by(chunking, embedder)
        self._used: set[bytes] = set()
        self._fresh: list[tuple[bytes, bytes]] = []

    def prepare(self, raw: RawDocument) -> Prepared:
        """As the function of this name.

        Raises:
            SourceError: it is no document.
        """
        key = self._key(raw)
        self._used.add(key)
        for _, value in self._kept.get([key]):
            known = _unpack(value, raw.document_id)
            if known is not None:
                return known
        prepared = prepare(raw, self._chunking, self._embedder)
        self._fresh.append((key, _pack(prepared)))
        if sum(len(value) for _, value in self._fresh[-64:]) > _COMMIT_EVERY or len(self._fresh) >= 512:
            self.flush()
        return prepared

    def flush(self) -> None:
        """Keep what was prepared since the last time."""
        self._kept.put(self._fresh)
        self._fresh = []

    def forget(self, builds: int) -> None:
        """Remove what so many builds in a row did not ask for, this one among them."""
        self._kept.forget(self._used, builds)

    def _key(self, raw: RawDocument) -> bytes:
        content = _msgpack.packb(
            [raw.media_type, raw.text, sorted(raw.fields.items())], unicode_errors="surrogatepass"
        )
        return hashlib.blake2b(content, key=self._made_by, digest_size=32).digest()


def _deciding_files(folder: Path) -> Iterator[Path]:
    """Files of this program whose change may change what is made of a document."""
    yield from (folder / name for name in _MODULES)
    for package in _PACKAGES:
        yield from (path for kind in ("*.py", "*.tsv", "*.txt") for path in (folder / package).rglob(kind))


def _made_by(chunking: Chunking, embedder: Embedder) -> bytes:
    """Digest of all that decides what is made of a document: this program, its libraries, the settings."""
    folder = Path(__file__).parents[1]
    digest = hashlib.blake2b(digest_size=32)
    for path in sorted(_deciding_files(folder)):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\0".encode())
    digest.update(f"{sorted(asdict(chunking).items())} {embedder.digest}".encode())
    return digest.digest()


def _pack(prepared: Prepared) -> bytes:
    document, mentions = prepared.document, prepared.mentions
    fields = (document.text, document.title, document.sha256, document.language)
    values = [
        [*fields, document.url, document.published, document.place],
        [(ref.key, ref.start, ref.end, ref.text) for ref in document.references],
        _numbers([(s.start, s.end, s.is_heading) for s in prepared.sentences]),
        _numbers([(p.start, p.end, p.first_sentence, p.last_sentence) for p in prepared.passages]),
        prepared.told.astype(np.float32).tobytes(),
        [_TERMS_APART.join(terms) for terms in prepared.terms],
        [sorted(mentions.places), sorted(mentions.periods), sorted(mentions.days)],
    ]
    # Its checksum also tells a value that was damaged on the disk.
    return zlib.compress(_msgpack.packb(values), 1)


def _unpack(value: bytes, document_id: str) -> Prepared | None:
    try:
        fields, references, sentences, passages, told, terms, mentions = _msgpack.unpackb(
            zlib.decompress(value)
        )
    except (zlib.error, ValueError, TypeError, msgpack.UnpackException):
        return None
    document = Document(document_id, *fields)
    rows = _rows(sentences, 3)
    return Prepared(
        replace(document, references=tuple(Reference(*reference) for reference in references)),
        [Sentence(start, end, bool(heading)) for start, end, heading in rows],
        [Passage(*row) for row in _rows(passages, 4)],
        np.frombuffer(told, np.float32).reshape(len(rows), len(ASPECTS), -1) if rows else _nothing_told(),
        [joined.split(_TERMS_APART) if joined else [] for joined in terms],
        _mentions(*mentions),
    )


def _mentions(places: list[str], periods: list[list[str]], days: list[list[int]]) -> Mentions:
    return Mentions(
        frozenset(places),
        frozenset((first, last) for first, last in periods),
        frozenset((month, day) for month, day in days),
    )


def _nothing_told() -> Strengths:
    return np.zeros((0, len(ASPECTS), len(aspect_classifier.KINDS) - 1), np.float32)


def _numbers(rows: Sequence[tuple[int, ...]]) -> bytes:
    return np.asarray(rows, np.int64).tobytes()


def _rows(stored: bytes, columns: int) -> list[list[int]]:
    numbers: npt.NDArray[np.int64] = np.frombuffer(stored, np.int64)
    rows: list[list[int]] = numbers.reshape(-1, columns).tolist()
    return rows
