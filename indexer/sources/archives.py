"""Unpacking of zip and tar archives, one member at a time, within limits of size."""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from indexer.errors import SourceError
from indexer.sources.encoding import has_controls

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
#: Unpacked bytes of one member and of a whole archive.
_MAX_MEMBER, _MAX_ARCHIVE = 200_000_000, 4_000_000_000
_MAX_MEMBERS = 200_000
#: Unpacked size of an archive by its own size: text shrinks to a tenth, seldom to a hundredth. Small archives
#: may be unpacked to more.
_MAX_RATIO, _ALWAYS_ALLOWED = 200, 50_000_000
_CHUNK = 1 << 20
#: by hand: bytes of one header of a tar archive, which is read into memory: a long name, or extended headers.
_MAX_HEADER = 1_000_000
_EXTENDED_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name there, and its path on disk, which is valid until the next one.

    ``path`` is ``None`` if the member is left out for a ``reason``.
    """

    name: str
    path: Path | None
    reason: str = ""


def unpack(archive: Path) -> Iterator[Member]:
    """The files of an archive, unpacked one after another.

    Raises:
        SourceError: the archive is damaged or of another format, or its unpacked size exceeds the limits.
    """
    remaining = min(_MAX_ARCHIVE, max(_ALWAYS_ALLOWED, _MAX_RATIO * archive.stat().st_size))
    with tempfile.TemporaryDirectory(prefix="fundstelle-") as folder, contextlib.ExitStack() as stack:
        for count, (name, size, opened) in enumerate(_members(archive, stack)):
            if count >= _MAX_MEMBERS:
                raise SourceError(f"over {_MAX_MEMBERS:,} files; the rest is left out")
            reason = opened if isinstance(opened, str) else _objection(name, size)
            if reason:
                yield Member(name, None, reason)
                continue
            path = Path(folder, f"{count}{''.join(PurePosixPath(name).suffixes[-2:])}")
            try:
                assert not isinstance(opened, str)
                with opened as stream:
                    written = _copy(stream, path, min(remaining, _MAX_MEMBER))
            except _TooLargeError:
                yield Member(name, None, "too large when unpacked")
                if remaining < _MAX_MEMBER:
                    raise SourceError("too large when unpacked; the rest is left out") from None
                continue
            except (OSError, EOFError, zlib.error, RuntimeError, ValueError, NotImplementedError) as error:
                yield Member(name, None, f"cannot be unpacked ({_short(error)})")
                continue
            remaining -= written
            yield Member(name, path)
            path.unlink(missing_ok=True)


class _BoundedTarInfo(tarfile.TarInfo):
    """The entry of a tar archive; one with a huge header is an error before that header is read."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _BoundedTarInfo:
        entry = super().frombuf(buf, encoding, errors)
        if entry.type in _EXTENDED_HEADERS and entry.size > _MAX_HEADER:
            raise tarfile.ReadError(f"a header of {entry.size:,} bytes")
        return entry


class _TooLargeError(Exception):
    """A member unpacks to more bytes than allowed."""


def _members(archive: Path, stack: contextlib.ExitStack) -> Iterator[tuple[str, int, IO[bytes] | str]]:
    """Name, size and stream of each file, or the reason why it cannot be opened."""
    try:
        if archive.name.lower().endswith(".zip"):
            zipped = stack.enter_context(zipfile.ZipFile(archive))
            for part in zipped.infolist():
                if not part.is_dir():
                    yield part.filename, part.file_size, _open_zipped(zipped, part)
            return
        tar: Any = stack.enter_context(tarfile.open(archive, "r|*", tarinfo=_BoundedTarInfo))  # noqa: SIM115
        while (entry := tar.next()) is not None:
            # The library would keep every entry with its headers.
            tar.members = []
            if entry.isdir():
                continue
            stream = tar.extractfile(entry) if entry.isreg() else None
            yield entry.name, entry.size, stream or "a link or device, not a file"
    except RecursionError as error:
        # The library reads a header that follows another one by recursion.
        raise SourceError("not a readable archive (too many headers for one file)") from error
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise SourceError(f"not a readable archive ({_short(error)})") from error


def _open_zipped(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> IO[bytes] | str:
    if part.flag_bits & 1:
        return "encrypted"
    try:
        return archive.open(part)
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        return f"cannot be unpacked ({_short(error)})"


def _objection(name: str, size: int) -> str:
    """The reason to leave a member out, or an empty string."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or has_controls(name) or not name.strip():
        return "a name that is empty, not printable, or leads out of the archive"
    if name.lower().endswith(SUFFIXES):
        return "an archive in an archive"
    return f"over {_MAX_MEMBER:,} bytes" if size > _MAX_MEMBER else ""


def _copy(stream: IO[bytes], path: Path, limit: int) -> int:
    """Write a stream to a file and return the number of bytes; the declared size is not trusted."""
    written = 0
    with path.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            written += len(chunk)
            if written > limit:
                raise _TooLargeError
            file.write(chunk)
    return written


def _short(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:100] or type(error).__name__
