"""Archives: what is in a zip or tar, unpacked one by one into a file of its own, within limits."""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from indexer.errors import SourceError
from indexer.sources.encoding import has_controls

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
#: Bytes that one member, and all of an archive, may unpack to; members that are looked at.
_LARGEST, _WHOLE, _MOST = 200_000_000, 4_000_000_000, 200_000
#: How many times its own size an archive may unpack to: text shrinks to a tenth, seldom to a hundredth.
_RATIO = 200
_PART = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name within, and where it lies unpacked until the next one is asked for;
    or why it is left out."""

    name: str
    path: Path | None
    reason: str = ""


def unpacked(archive: Path) -> Iterator[Member]:
    """The files of an archive, one after another.

    Raises:
        SourceError: it is no archive of its kind, damaged, or unpacks to too much.
    """
    left = min(_WHOLE, max(50_000_000, _RATIO * archive.stat().st_size))
    with tempfile.TemporaryDirectory(prefix="fundstelle-") as folder, contextlib.ExitStack() as stack:
        for count, (name, size, opened) in enumerate(_members(archive, stack)):
            if count >= _MOST:
                raise SourceError(f"holds over {_MOST:,} files; the rest is left out")
            reason = opened if isinstance(opened, str) else _refused(name, size)
            if reason:
                yield Member(name, None, reason)
                continue
            path = Path(folder, f"{count}{''.join(PurePosixPath(name).suffixes[-2:])}")
            try:
                assert not isinstance(opened, str)
                with opened as stream:
                    taken = _copy(stream, path, min(left, _LARGEST))
            except _TooMuch:
                yield Member(name, None, "unpacks to too much")
                if left < _LARGEST:
                    raise SourceError("unpacks to too much; the rest is left out") from None
                continue
            except (OSError, EOFError, zlib.error, RuntimeError, ValueError, NotImplementedError) as error:
                yield Member(name, None, f"cannot be unpacked ({_short(error)})")
                continue
            left -= taken
            yield Member(name, path)
            path.unlink(missing_ok=True)


class _TooMuch(Exception):
    pass


def _members(archive: Path, stack: contextlib.ExitStack) -> Iterator[tuple[str, int, IO[bytes] | str]]:
    """Name, size, and the stream of each file, or why there is none."""
    try:
        if archive.name.lower().endswith(".zip"):
            zipped = stack.enter_context(zipfile.ZipFile(archive))
            for part in zipped.infolist():
                if not part.is_dir():
                    yield part.filename, part.file_size, _zipped(zipped, part)
            return
        tar = stack.enter_context(tarfile.open(archive, "r|*"))  # noqa: SIM115
        for entry in tar:
            if entry.isdir():
                continue
            stream = tar.extractfile(entry) if entry.isreg() else None
            yield entry.name, entry.size, stream or "a link or a device, no file"
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise SourceError(f"not a readable archive ({_short(error)})") from error


def _zipped(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> IO[bytes] | str:
    if part.flag_bits & 1:
        return "encrypted"
    try:
        return archive.open(part)
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        return f"cannot be unpacked ({_short(error)})"


def _refused(name: str, size: int) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or has_controls(name) or not name.strip():
        return "a name that leads out of the archive, or is none"
    if name.lower().endswith(ENDINGS):
        return "an archive within an archive"
    return f"over {_LARGEST:,} bytes" if size > _LARGEST else ""


def _copy(stream: IO[bytes], path: Path, most: int) -> int:
    """Unpack by what comes, not by what is declared; how much it was."""
    taken = 0
    with path.open("wb") as file:
        while part := stream.read(_PART):
            taken += len(part)
            if taken > most:
                raise _TooMuch
            file.write(part)
    return taken


def _short(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:100] or type(error).__name__
