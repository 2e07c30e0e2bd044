"""The index folder: immutable generations, and the name of the live one.

A generation is written into a hidden folder, becomes visible in one rename, and live in another: the
rename of ``CURRENT``. Whatever goes wrong before leaves the old one as it was.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer import aspect_model
from indexer.alignment import Alignment
from indexer.discourse import Strengths
from indexer.errors import IndexDamagedError, IndexingError, IndexMissingError, ModelMismatchError
from indexer.lexical import Bm25Index, LexicalIndex
from indexer.manifest import Manifest, damaged_files
from indexer.scope import Scopes
from indexer.store import DocumentStore, Spans
from indexer.vectors import FaissStore, VectorStore

CURRENT = "CURRENT"
GENERATIONS = "generations"
#: How the name of a generation begins that is not complete yet.
STAGING = ".building."
STORE = "documents.sqlite"
PASSAGE_VECTORS = "passages.faiss"
SENTENCE_VECTORS = "sentences.faiss"
LEXICAL = "lexical"
ALIGNMENT = "alignment.npy"
ASPECTS = "aspects.npy"
SCOPE = "scope.npy"


@dataclass(frozen=True, slots=True)
class Generation:
    """One opened generation: everything retrieval and answering read.

    ``aspects``: probability that each sentence tells each aspect, shape ``(sentences, len(ASPECTS))``.
    """

    name: str
    manifest: Manifest
    store: DocumentStore
    passages: Spans
    sentences: Spans
    passage_vectors: VectorStore
    sentence_vectors: VectorStore
    lexical: LexicalIndex
    alignment: Alignment
    aspects: Strengths
    scopes: Scopes

    def close(self) -> None:
        self.store.close()

    def require_model(self, name: str, digest: str) -> None:
        """Raise ModelMismatchError unless the index was built with the model of this digest."""
        built = self.manifest.model
        if built["digest"] != digest:
            raise ModelMismatchError(
                f"index built with model {built['name']} {built['digest'][:12]}, "
                f"loaded is {name} {digest[:12]}; build the index anew or pass the same --model"
            )


def live_name(index: Path) -> str:
    """Name of the live generation.

    Raises:
        IndexMissingError: there is no index in this folder.
        IndexDamagedError: ``CURRENT`` names a generation that is not there.
    """
    try:
        name = (index / CURRENT).read_text("utf-8").strip()
    except FileNotFoundError as error:
        raise IndexMissingError(
            f"no index at {index}: build one with `python -m indexer build SOURCE --index {index}`"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamagedError(f"{index / CURRENT}: not readable ({error})") from error
    if name not in generation_names(index):
        raise IndexDamagedError(f"{index / CURRENT}: names the generation {name!r}, which is not there")
    return name


def is_live(index: Path, name: str) -> bool:
    """Whether the name is that of the live generation, also where there is none or no index."""
    try:
        return live_name(index) == name
    except IndexingError:
        return False


def generation_names(index: Path) -> list[str]:
    """Complete generations, oldest first."""
    folder = index / GENERATIONS
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def set_live(index: Path, name: str) -> None:
    """Make a generation the live one, in one atomic step."""
    temporary = index / f".{CURRENT}.{os.getpid()}"
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        # The generation's own rename has to be on the disk before the name of it is.
        sync(index / GENERATIONS)
        temporary.replace(index / CURRENT)
        sync(index)
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flush a file or folder to the disk, so that it survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prune(index: Path, keep: int) -> list[str]:
    """Remove all but the newest ``keep`` generations and the live one; returns the removed names."""
    live = live_name(index)
    removed = []
    for name in generation_names(index)[:-keep]:
        # Out of sight in one step: a half removed generation would look like a damaged one.
        hidden = index / GENERATIONS / f".removed.{name}"
        with contextlib.suppress(OSError):
            if name != live:
                (index / GENERATIONS / name).rename(hidden)
                removed.append(name)
        shutil.rmtree(hidden, ignore_errors=True)
    return removed


def remove_abandoned(index: Path) -> None:
    """Remove what a killed build left; only to be called under the build's lock."""
    for pattern in (f"{GENERATIONS}/{STAGING}*", f"{GENERATIONS}/.removed.*"):
        for folder in index.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)
    for file in index.glob(f".{CURRENT}.*"):
        file.unlink(missing_ok=True)


def open_generation(index: Path, name: str | None = None, verify: bool = True) -> Generation:
    """Open a generation, the live one by default, read-only.

    Args:
        verify: check the digest of every file first, so that a damaged one is never served.

    Raises:
        IndexMissingError: there is no index.
        IndexDamagedError: a file is missing, changed or inconsistent; the message names it.
    """
    name = name or live_name(index)
    folder = index / GENERATIONS / name
    manifest = Manifest.read(folder)
    if verify:
        damage = next(damaged_files(folder, manifest), None)
        if damage:
            raise IndexDamagedError(f"generation damaged, not served: {damage}")
    store = DocumentStore.open(folder / STORE)
    try:
        sentences = store.sentences()
        return Generation(
            name,
            manifest,
            store,
            store.passages(),
            sentences,
            FaissStore.open(folder / PASSAGE_VECTORS),
            FaissStore.open(folder / SENTENCE_VECTORS),
            Bm25Index.open(folder / LEXICAL, manifest.counts["passages"]),
            Alignment.open(folder / ALIGNMENT, manifest.model["dimension"]),
            aspect_model.load(folder / ASPECTS, len(sentences)),
            Scopes.open(folder / SCOPE, store.keys()),
        )
    except KeyError as error:
        store.close()
        raise IndexDamagedError(f"{name}: the manifest does not count {error}") from error
    except BaseException:
        store.close()
        raise


def verify(index: Path, name: str | None = None) -> Iterator[str]:
    """Check a generation thoroughly: digests, then offsets and counts; yields one line per fault."""
    name = name or live_name(index)
    folder = index / GENERATIONS / name
    try:
        manifest = Manifest.read(folder)
    except IndexDamagedError as error:
        yield str(error)
        return
    damage = list(damaged_files(folder, manifest))
    yield from damage
    if damage:
        return
    from indexer.consistency import inconsistencies, miscounts

    try:
        # Before anything else is opened: what does not fit the store cannot be, and would hide why.
        with contextlib.closing(DocumentStore.open(folder / STORE)) as store:
            yield from miscounts(name, store, manifest)
        with contextlib.closing(open_generation(index, name, verify=False)) as generation:
            yield from inconsistencies(generation)
    except IndexDamagedError as error:
        yield f"{name}/{error}"
