"""Generations on disk, to damage them and to write their manifest again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from indexer.index.live_generation import live_name, set_live
from indexer.index.manifest import Manifest, file_facts

#: Every file of a generation.
FILES = [
    "manifest.json",
    "alignment.npy",
    "aspects.npy",
    "scope.npy",
    "documents.sqlite",
    "passages.faiss",
    "sentences.faiss",
    "lexical/params.index.json",
    "lexical/vocab.index.json",
    "lexical/data.csc.index.npy",
    "lexical/indices.csc.index.npy",
    "lexical/indptr.csc.index.npy",
]


def live_folder(index: Path) -> Path:
    """The folder of the live generation."""
    return index / "generations" / live_name(index)


def rename_live(index: Path, name: str) -> None:
    """Give the live generation another name."""
    folder = live_folder(index)
    folder.rename(folder.with_name(name))
    set_live(index, name)


def rewrite(index: Path, change: Callable[[Path], object], **values: object) -> str:
    """Change the live generation and write its manifest again, so that every digest is right.

    Args:
        change: called with the folder of the generation.
        values: new values of fields of the manifest.

    Returns:
        The new name of the generation.
    """
    folder = live_folder(index)
    manifest = Manifest.read(folder)
    change(folder)
    manifest = replace(manifest, files=file_facts(folder), **values)  # type: ignore[arg-type]
    name = f"20260101T000000000000-{manifest.write(folder)}"
    rename_live(index, name)
    return name
