"""Disks that are full or read-only: real ones, small and in memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from indexer.build.pipeline import build
from indexer.embedding.vector_cache import COMMIT_EVERY
from indexer.errors import IndexingError
from indexer.index.generation import open_generation
from indexer.index.live_generation import generation_names, live_name
from indexer.index.verification import verify

_BYTES = 6_000_000


def mount(*arguments: str) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or not mount(
        "-t", "tmpfs", "-o", f"size={_BYTES}", "tmpfs", str(folder)
    ):
        pytest.skip("a small disk can only be mounted by root on Linux")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def write_reports(folder: Path, count: int) -> Path:
    """``count`` files of two texts to embed each: a sentence and a passage."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.txt").write_text(f"Im Dorf Nummer {number} gibt es {number + 3} Schulen.\n" * 5)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_reports(tmp_path / "source", 60)


def leave(disk: Path, room: int) -> Path:
    """Fill a disk but for so many bytes."""
    import shutil

    filler = disk / "filler"
    with filler.open("wb") as file:
        while (free := shutil.disk_usage(disk).free) > room:
            file.write(b"x" * min(free - room, 65536))
            file.flush()
    return filler


@pytest.mark.parametrize("room", [0, 8_000, 50_000, 120_000, 200_000, 300_000, 400_000])
def test_a_full_disk_is_an_error_and_leaves_the_index_unchanged(disk: Path, source: Path, room: int) -> None:
    index = disk / "index"
    live = build([source], index, FakeEmbedder()).generation
    for number in range(40):
        (source / f"{number}.txt").write_text(f"Im Tal Nummer {number} gibt es {number + 3} Brücken.\n" * 5)
    filler = leave(disk, room)
    with pytest.raises(IndexingError, match=r"^cannot write "):
        build([source], index, FakeEmbedder())
    assert (live_name(index), generation_names(index)) == (live, [live])
    assert list(verify(index)) == []
    open_generation(index).close()
    filler.unlink()
    build([source], index, FakeEmbedder())
    assert list(verify(index)) == []


def test_a_first_build_on_a_full_disk_is_an_error(disk: Path, source: Path) -> None:
    leave(disk, 0)
    with pytest.raises(IndexingError, match=r"^cannot write "):
        build([source], disk / "index", FakeEmbedder())


def test_a_read_only_index_is_opened_and_not_built(disk: Path, source: Path) -> None:
    index = disk / "index"
    live = build([source], index, FakeEmbedder()).generation
    assert mount("-o", "remount,ro", str(disk))
    open_generation(index).close()
    assert list(verify(index)) == []
    with pytest.raises(IndexingError, match=r"^cannot write the index .*Read-only file system"):
        build([source], index, FakeEmbedder())
    assert live_name(index) == live


def test_what_was_embedded_before_the_disk_was_full_is_not_embedded_again(disk: Path, tmp_path: Path) -> None:
    source = write_reports(tmp_path / "reports", 400)
    index = disk / "index"
    fills: list[Path] = []

    class Filling(FakeEmbedder):
        def embed_passages(self, texts, progress: Callable[[int], None] | None = None):  # type: ignore[no-untyped-def]
            if len(self.texts) > 3 * COMMIT_EVERY and not fills:
                fills.append(leave(disk, 0))
            return super().embed_passages(texts, progress)

    first = Filling()
    with pytest.raises(IndexingError, match=r"^cannot write "):
        build([source], index, first)
    fills[0].unlink()
    second = FakeEmbedder()
    build([source], index, second)
    # At most the part that could no longer be written, and the one before it.
    assert len(set(first.texts) & set(second.texts)) <= 2 * COMMIT_EVERY
    assert len(set(first.texts)) > 3 * COMMIT_EVERY
