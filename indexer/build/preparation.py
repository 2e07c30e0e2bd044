"""Preparation of raw documents: everything computed from one before anything is embedded, cached by content.

Cleaning, splitting, stemming and annotating take most of a build that embeds nothing. With one changed
document among a hundred thousand, only that one is prepared again (docs/adr/0011).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgpack

from indexer.analysis import analyzer
from indexer.annotation import aspect_classifier
from indexer.annotation.reference_topics import topic_stems
from indexer.build.prepared_document import PreparedDocument, pack, unpack
from indexer.checksums import file_sha256
from indexer.documents import RawDocument
from indexer.embedding.embedder import Embedder
from indexer.entities.mentions import find_mentions
from indexer.errors import FundstelleError, SourceError, first_line
from indexer.preprocessing.chunking import Chunking, split_document
from indexer.preprocessing.metadata import to_document
from indexer.storage.key_value_cache import KeyValueCache

#: Libraries of which another version may clean, split or stem differently.
_LIBRARIES = ("langchain-text-splitters", "py3langid", "PyStemmer")
#: Packages and modules of this program that decide the result of a preparation. A changed command line or
#: file reader does not: what was read is part of the key.
_PACKAGES = ("analysis", "annotation", "entities", "preprocessing", "resources", "text")
_MODULES = (
    "build/preparation.py",
    "build/prepared_document.py",
    "documents.py",
    "embedding/sentence_transformer.py",
)
_SUFFIXES = ("*.py", "*.tsv", "*.txt")
#: Bytes and documents prepared between two commits to the cache.
_COMMIT_BYTES, _COMMIT_DOCUMENTS = 4_000_000, 512
_msgpack: Any = msgpack  # without types


def prepare(raw: RawDocument, chunking: Chunking, embedder: Embedder) -> PreparedDocument:
    """Clean, describe, split and annotate a raw document.

    Raises:
        SourceError: nothing is left after cleaning, or its metadata is wrong.
    """
    document = to_document(raw)
    text, language = document.text, document.language
    sentences, passages = split_document(text, chunking)
    passage_texts = [text[passage.start : passage.end] for passage in passages]
    referring = sentences if document.references else []
    return PreparedDocument(
        document=document,
        sentences=sentences,
        passages=passages,
        cues=aspect_classifier.cue_features(text, sentences),
        terms=[
            analyzer.document_terms(passage, language)
            + analyzer.subword_terms(passage, language, embedder.subwords)
            for passage in passage_texts
        ],
        stems=[topic_stems(text[sentence.start : sentence.end], language) for sentence in referring],
        mentions=find_mentions(text),
    )


class DocumentPreparer:
    """Prepares documents, or takes the result of an earlier build for the same content.

    Args:
        program: digest of everything of this program that decides a result.
    """

    def __init__(
        self, cache: KeyValueCache, chunking: Chunking, embedder: Embedder, program: bytes | None = None
    ) -> None:
        self._cache = cache
        self._chunking = chunking
        self._embedder = embedder
        settings = f"{sorted(asdict(chunking).items())} {embedder.digest}".encode()
        self._key_prefix = hashlib.blake2b((program or program_digest()) + settings, digest_size=32).digest()
        self._used: set[bytes] = set()
        self._uncommitted: list[tuple[bytes, bytes]] = []
        self._uncommitted_bytes = 0

    def prepare(self, raw: RawDocument) -> PreparedDocument:
        """The prepared document.

        Raises:
            SourceError: nothing is left after cleaning, or its metadata is wrong.
        """
        key = self._key(raw)
        self._used.add(key)
        for _, value in self._cache.get([key]):
            cached = unpack(value, raw.document_id)
            if cached is not None:
                return cached
        prepared = self._prepare(raw)
        value = pack(prepared)
        self._uncommitted.append((key, value))
        self._uncommitted_bytes += len(value)
        if self._uncommitted_bytes > _COMMIT_BYTES or len(self._uncommitted) >= _COMMIT_DOCUMENTS:
            self.flush()
        return prepared

    def _prepare(self, raw: RawDocument) -> PreparedDocument:
        try:
            return prepare(raw, self._chunking, self._embedder)
        except FundstelleError:
            raise
        except Exception as error:
            # One text must not end a build, whatever it does.
            raise SourceError(f"cannot be prepared ({type(error).__name__}: {first_line(error)})") from error

    def flush(self) -> None:
        """Write to the cache what was prepared since the last time."""
        self._cache.put(self._uncommitted)
        self._uncommitted = []
        self._uncommitted_bytes = 0

    def evict(self, builds: int) -> None:
        """Remove documents from the cache that the last ``builds`` builds did not use, this one included."""
        self._cache.evict(self._used, builds)

    def _key(self, raw: RawDocument) -> bytes:
        content = _msgpack.packb(
            [raw.media_type, raw.text, sorted(raw.fields.items())], unicode_errors="surrogatepass"
        )
        return hashlib.blake2b(content, key=self._key_prefix, digest_size=32).digest()


def program_digest(package: Path = Path(__file__).parents[1]) -> bytes:
    """Digest of the files of ``package`` and of the libraries that decide the result of a preparation."""
    digest = hashlib.blake2b(digest_size=32)
    for path in sorted(_deciding_files(package)):
        digest.update(f"{path.relative_to(package).as_posix()}\0{file_sha256(path)}\0".encode())
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\0".encode())
    return digest.digest()


def _deciding_files(package: Path) -> Iterator[Path]:
    yield from (package / name for name in _MODULES)
    for name in _PACKAGES:
        yield from (path for suffix in _SUFFIXES for path in (package / name).rglob(suffix))
