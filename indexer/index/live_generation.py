"""The live generation of an index: its name, the atomic switch to another one, pruning.

A generation is written into a hidden folder, becomes visible by one rename and live by another, that of
``CURRENT``. A failure before that leaves the old generation live.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from indexer.errors import IndexDamagedError, IndexingError, IndexMissingError
from indexer.index.layout import CURRENT, GENERATIONS, STAGING_PREFIX

_REMOVED_PREFIX = ".removed."
#: Bytes of ``CURRENT`` that are read; a name has about 40.
_MAX_NAME = 256
_TIME = "%Y%m%dT%H%M%S%f"


def live_name(index: Path) -> str:
    """The name of the live generation.

    Raises:
        IndexMissingError: there is no index in this folder.
        IndexDamagedError: ``CURRENT`` cannot be read or names a generation that does not exist.
    """
    try:
        with (index / CURRENT).open("rb") as file:
            name = file.read(_MAX_NAME).decode("utf-8").strip()
    except FileNotFoundError as error:
        raise IndexMissingError(
            f"no index at {index}: build one with `python -m indexer build SOURCE --index {index}`"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamagedError(f"{index / CURRENT}: not readable ({error})") from error
    names = generation_names(index)
    if name not in names:
        fault = f"names the generation {name!r}, which does not exist" if name else "is empty"
        raise IndexDamagedError(f"{index / CURRENT}: {fault}; {_repair(index, names)}")
    return name


def _repair(index: Path, names: Sequence[str]) -> str:
    """The command that makes an index usable whose ``CURRENT`` is broken."""
    if names:
        return f"`python -m indexer rollback --index {index} --to {names[-1]}` makes the newest one live"
    return f"there is none, so build one with `python -m indexer build SOURCE --index {index}`"


def is_live(index: Path, name: str) -> bool:
    """True if the live generation has this name; false also if there is no index."""
    try:
        return live_name(index) == name
    except IndexingError:
        return False


def generation_names(index: Path) -> list[str]:
    """The names of the complete generations, oldest first."""
    folder = index / GENERATIONS
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def new_name(index: Path, now: datetime.datetime, digest: str) -> str:
    """A name for a generation of time ``now`` that sorts after all others, even if the clock was set back."""
    newest = max((_moment(name) for name in generation_names(index)), default=None)
    if newest is not None and newest >= now:
        now = newest + datetime.timedelta(microseconds=1)
    return f"{now:{_TIME}}-{digest}"


def _moment(name: str) -> datetime.datetime:
    try:
        moment = datetime.datetime.strptime(name.split("-")[0], _TIME)
    except ValueError:
        # A folder of another program sorts before every generation.
        moment = datetime.datetime.min
    return moment.replace(tzinfo=datetime.UTC)


def set_live(index: Path, name: str) -> None:
    """Make a generation the live one in one atomic step."""
    temporary = index / f".{CURRENT}.{os.getpid()}"
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        # The generation's rename must be on the disk before CURRENT names it.
        sync(index / GENERATIONS)
        temporary.replace(index / CURRENT)
        sync(index)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flush a file or folder to the disk, so that it survives a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prune(index: Path, keep: int) -> list[str]:
    """Remove all generations but the newest ``keep`` and the live one.

    Returns:
        The names of the removed generations.
    """
    live = live_name(index)
    removed = []
    for name in generation_names(index)[:-keep]:
        # Hidden in one step, as a partly removed generation would look damaged.
        hidden = index / GENERATIONS / f"{_REMOVED_PREFIX}{name}"
        with contextlib.suppress(OSError):
            if name != live:
                (index / GENERATIONS / name).rename(hidden)
                removed.append(name)
        shutil.rmtree(hidden, ignore_errors=True)
    return removed


def remove_abandoned(index: Path) -> None:
    """Remove what a killed build left; to be called only while holding the build lock."""
    for pattern in (f"{GENERATIONS}/{STAGING_PREFIX}*", f"{GENERATIONS}/{_REMOVED_PREFIX}*"):
        for folder in index.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)
    for file in index.glob(f".{CURRENT}.*"):
        file.unlink(missing_ok=True)
