"""Manifest of a generation: its sources, model and counts, and the digest of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from indexer.checksums import file_sha256
from indexer.errors import IndexDamagedError
from indexer.index.layout import FORMAT, MANIFEST

#: Characters of the manifest's digest at the end of a generation's name.
_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of ``manifest.json``.

    Attributes:
        model: its ``name``, ``digest`` and ``dimension``.
        chunking: settings of the version that built the generation; without ``grouping`` it was by paragraph.
        files: ``{"sha256", "size"}`` of each file by its path in the generation's folder, size in bytes.
        left_out: files and rows that could not be indexed, one line each.
    """

    created: str
    model: dict[str, Any]
    chunking: dict[str, Any]
    counts: dict[str, int]
    files: dict[str, dict[str, Any]]
    sources: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    format: int = FORMAT

    def write(self, folder: Path) -> str:
        """Write the manifest into a folder.

        Returns:
            The digest with which the folder's name has to end.
        """
        data = (json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
        (folder / MANIFEST).write_bytes(data)
        return hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read a generation's manifest and compare it with the digest in the folder's name.

        Raises:
            IndexDamagedError: the manifest is missing, changed, or of another format.
        """
        try:
            data = (folder / MANIFEST).read_bytes()
        except OSError as error:
            raise IndexDamagedError(f"{folder.name}/{MANIFEST}: {error.strerror}") from error
        digest = hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH]
        expected = folder.name.rsplit("-", 1)[-1]
        if digest != expected:
            raise IndexDamagedError(
                f"{folder.name}/{MANIFEST}: sha256 begins with {digest}, the folder's name says {expected}"
            )
        try:
            values = json.loads(data)
            if values.get("format") != FORMAT:
                raise IndexDamagedError(
                    f"{folder.name}: index format {values.get('format')}, this version reads {FORMAT}; "
                    "rebuild the index"
                )
            return cls(**values)
        except (ValueError, TypeError, AttributeError) as error:
            raise IndexDamagedError(f"{folder.name}/{MANIFEST}: not a manifest ({error})") from error


def file_facts(folder: Path) -> dict[str, dict[str, Any]]:
    """Digest and size of every file below a folder except the manifest."""
    return {
        path.relative_to(folder).as_posix(): {"sha256": file_sha256(path), "size": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def damaged_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """One line for each file that is missing, changed, or not in the manifest."""
    for name, facts in manifest.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != facts["size"]:
                yield f"{folder.name}/{name}: {size} bytes, the manifest says {facts['size']}"
            elif (digest := file_sha256(path)) != facts["sha256"]:
                expected = facts["sha256"][:12]
                yield f"{folder.name}/{name}: sha256 {digest[:12]}…, the manifest says {expected}…"
        except OSError as error:
            yield f"{folder.name}/{name}: {error.strerror}"
    known = {*manifest.files, MANIFEST}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in known:
            yield f"{folder.name}/{name}: not in the manifest"
