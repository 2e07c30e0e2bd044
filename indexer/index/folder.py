"""The index folder: immutable generations, and the name of the live one.

A generation is written into a hidden folder, becomes visible in one rename, and live in another: the
rename of ``CURRENT``. Whatever goes wrong before leaves the old one as it was.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
from pathlib import Path

from indexer.errors import IndexDamagedError, IndexingError, IndexMissingError

CURRENT = "CURRENT"
GENERATIONS = "generations"
#: How the name of a generation begins that is not complete yet.
STAGING = ".building."
_TIME = "%Y%m%dT%H%M%S%f"


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


def new_name(index: Path, now: datetime.datetime, digest: str) -> str:
    """A name for a generation made ``now`` that comes after all others, also where the clock went back."""
    newest = max((_moment(name) for name in generation_names(index)), default=None)
    if newest is not None and newest >= now:
        now = newest + datetime.timedelta(microseconds=1)
    return f"{now:{_TIME}}-{digest}"


def _moment(name: str) -> datetime.datetime:
    try:
        moment = datetime.datetime.strptime(name.split("-")[0], _TIME)
    except ValueError:
        # No generation of ours; nothing comes before it.
        moment = datetime.datetime.min
    return moment.replace(tzinfo=datetime.UTC)


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
        with contextlib.suppress(OSError):
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
