"""Building of a generation: read, clean, split, embed, index, and only then make it live."""

from __future__ import annotations

import datetime
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from indexer.annotation import aspect_classifier
from indexer.build.collector import CollectedCorpus, collect
from indexer.build.generation_files import write_files
from indexer.build.preparation import DocumentPreparer
from indexer.build.report import BuildSummary, ReportProgress
from indexer.embedding.embedder import Embedder
from indexer.embedding.vector_cache import VectorCache, text_key
from indexer.errors import IndexingError, SourceError
from indexer.index.layout import (
    BUILD_LOCK,
    GENERATIONS,
    PREPARATION_CACHE,
    STAGING_PREFIX,
    STORE,
    VECTOR_CACHE,
)
from indexer.index.live_generation import is_live, new_name, prune, remove_abandoned, set_live, sync
from indexer.index.manifest import Manifest, file_facts
from indexer.preprocessing.chunking import Chunking
from indexer.sources.reader import printable
from indexer.storage.document_writer import DocumentWriter
from indexer.storage.key_value_cache import KeyValueCache


def build(
    sources: Sequence[Path],
    index: Path,
    embedder: Embedder,
    *,
    chunking: Chunking | None = None,
    strict: bool = False,
    keep: int = 3,
    follow_links: bool = False,
    report: ReportProgress | None = None,
) -> BuildSummary:
    """Build a new generation from ``sources`` and make it live.

    Args:
        strict: fail at the first file or row that cannot be indexed.
        keep: number of generations that stay for a rollback, the new one included.
        follow_links: also read what links in a source lead to outside of it.
        report: called as work proceeds.

    Raises:
        SourceError: a source is missing, nothing could be read, or ``strict`` and something was left out.
        IndexingError: another build is running on this index, or the disk is full.
    """
    report = report or (lambda _step, _done, _total: None)
    is_new = not index.exists()
    try:
        (index / GENERATIONS).mkdir(parents=True, exist_ok=True)
        with FileLock(index / BUILD_LOCK, timeout=0):
            try:
                return _build(
                    sources, index, embedder, chunking or Chunking(), strict, keep, follow_links, report
                )
            except SourceError:
                # A wrong path must not leave an empty index behind.
                if is_new:
                    shutil.rmtree(index, ignore_errors=True)
                raise
    except Timeout as error:
        raise IndexingError(f"another build is running on {index}") from error
    except (OSError, sqlite3.Error) as error:
        raise IndexingError(f"cannot write the index {index}: {error}") from error


def _build(
    sources: Sequence[Path],
    index: Path,
    embedder: Embedder,
    chunking: Chunking,
    strict: bool,
    keep: int,
    follow_links: bool,
    report: ReportProgress,
) -> BuildSummary:
    remove_abandoned(index)
    with (
        closing(KeyValueCache.open(index / PREPARATION_CACHE)) as prepared,
        closing(VectorCache.open(index / VECTOR_CACHE, embedder)) as vectors,
    ):
        preparer = DocumentPreparer(prepared, chunking, embedder)
        with _generation_folder(index) as generation:
            with closing(DocumentWriter(generation.folder / STORE)) as writer:
                corpus = collect(sources, index, preparer, writer, strict, report, follow_links)
            embedded = write_files(generation.folder, corpus, embedder, vectors, report)
            now = datetime.datetime.now(datetime.UTC)
            manifest = Manifest(
                created=now.isoformat(timespec="seconds"),
                model={"name": embedder.name, "digest": embedder.digest, "dimension": embedder.dimension},
                chunking=asdict(chunking),
                counts={
                    "documents": writer.documents,
                    "sentences": writer.sentences,
                    "passages": writer.passages,
                },
                files=file_facts(generation.folder),
                sources=[printable(str(source)) for source in sources],
                left_out=[str(problem) for problem in corpus.left_out],
            )
            name = new_name(index, now, manifest.write(generation.folder))
            generation.go_live(name)
        pruned = prune(index, keep)
        # What was removed from the sources stays cached for a rollback, as long as a generation contains it.
        preparer.evict(keep)
        vectors.evict(_used_keys(corpus), keep)
    return BuildSummary(name, manifest.counts, embedded, corpus.left_out, pruned)


class _NewGeneration:
    """The folder of a generation on its way from staging to live."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self.folder = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=index / GENERATIONS))

    def go_live(self, name: str) -> None:
        """Flush all files to the disk, give the folder its name, and make it the live generation."""
        for path in (*self.folder.rglob("*"), self.folder):
            sync(path)
        # mkdtemp makes private folders; the service may run under another account.
        self.folder.chmod(0o755)
        self.folder = self.folder.rename(self._index / GENERATIONS / name)
        set_live(self._index, name)


@contextmanager
def _generation_folder(index: Path) -> Iterator[_NewGeneration]:
    """A new generation; after a failure its folder is removed."""
    generation = _NewGeneration(index)
    try:
        yield generation
    except BaseException:
        # An interruption may come when the generation is already live.
        if not is_live(index, generation.folder.name):
            shutil.rmtree(generation.folder, ignore_errors=True)
        raise


def _used_keys(corpus: CollectedCorpus) -> list[bytes]:
    """Keys of all vectors of passages and sentences that the build used."""
    exemplars = [text_key(text) for _, text in aspect_classifier.read_exemplars()]
    return [*corpus.passages.keys, *corpus.sentences.keys, *exemplars]
