"""The manifest of a generation: what it was made of, and the digest of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from indexer.errors import IndexDamagedError
from indexer.storage.checksums import file_digest

MANIFEST = "manifest.json"
#: Raised whenever a generation of an older version of this project can no longer be read.
FORMAT = 5
#: Characters of the manifest's own digest that end a generation's name.
_DIGEST_IN_NAME = 16


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation says of itself. ``files``: name → ``{"sha256", "size"}`` in bytes.

    ``chunking`` holds what the version that built it knew: without ``grouping`` it was by paragraph.
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
        """Write the manifest into a folder; returns the digest that belongs at the end of its name."""
        data = (json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
        (folder / MANIFEST).write_bytes(data)
        return hashlib.sha256(data).hexdigest()[:_DIGEST_IN_NAME]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read and check a generation's manifest against the digest in the folder's name.

        Raises:
            IndexDamagedError: it is missing, changed, or of another format.
        """
        try:
            data = (folder / MANIFEST).read_bytes()
        except OSError as error:
            raise IndexDamagedError(f"{folder.name}/{MANIFEST}: {error.strerror}") from error
        digest = hashlib.sha256(data).hexdigest()[:_DIGEST_IN_NAME]
        if digest != folder.name.rsplit("-", 1)[-1]:
            raise IndexDamagedError(
                f"{folder.name}/{MANIFEST}: sha256 begins with {digest}, the generation's name says otherwise"
            )
        try:
            values = json.loads(data)
            if values.get("format") != FORMAT:
                raise IndexDamagedError(
                    f"{folder.name}: index format {values.get('format')}, this version reads {FORMAT}; "
                    "build it anew"
                )
            return cls(**values)
        except (ValueError, TypeError, AttributeError) as error:
            raise IndexDamagedError(f"{folder.name}/{MANIFEST}: not a manifest ({error})") from error


def file_facts(folder: Path) -> dict[str, dict[str, Any]]:
    """Digest and size of every file below a folder, the manifest excepted."""
    return {
        path.relative_to(folder).as_posix(): {"sha256": file_digest(path), "size": path.stat().st_size}
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
            elif (digest := file_digest(path)) != facts["sha256"]:
                said = facts["sha256"][:12]
                yield f"{folder.name}/{name}: sha256 {digest[:12]}…, the manifest says {said}…"
        except OSError as error:
            yield f"{folder.name}/{name}: {error.strerror}"
    known = {*manifest.files, MANIFEST}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in known:
            yield f"{folder.name}/{name}: not in the manifest"
