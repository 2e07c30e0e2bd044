"""Watching of sources for changes."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.sources.watcher import changes

TIMEOUT = 30.0


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


def counts(source: Path, change: Callable[[], object], attempts: int) -> list[int]:
    """The counts for a change that is made up to ``attempts`` times while the source is watched."""
    found: list[int] = []
    stop, seen = threading.Event(), threading.Event()

    def watch() -> None:
        for count in changes([source], source / "index", stop, quiet_period=100):
            found.append(count)
            seen.set()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    # Watching starts a moment later, so the change is repeated until it is noticed.
    for _ in range(attempts):
        change()
        if seen.wait(0.1):
            break
    stop.set()
    thread.join(TIMEOUT)
    return found


def test_a_file_that_is_written_is_a_change(source: Path) -> None:
    found = counts(source, lambda: (source / "a.txt").write_text("Ein Satz."), attempts=int(TIMEOUT * 10))
    assert found[0] >= 1


def test_hidden_files_and_an_index_in_the_source_are_no_change(source: Path) -> None:
    (source / "index").mkdir()

    def write() -> None:
        (source / "index" / "CURRENT").write_text("x")
        (source / ".hidden").write_text("x")

    assert counts(source, write, attempts=20) == []
