"""Sources that are watched: what counts as a change, and what comes of a build that fails."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.cli import commands
from indexer.errors import SourceError
from indexer.sources import watcher

LONG = 30.0


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


@pytest.fixture
def changed(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[], object]], list[int]]]:
    """What is told of a change that is made while the source is watched."""
    monkeypatch.setattr(watcher, "_REST", 100)
    stop = threading.Event()

    def made(change: Callable[[], object], attempts: int = int(LONG * 10)) -> list[int]:
        told: list[int] = []
        seen = threading.Event()

        def watch() -> None:
            for count in watcher.changes([source], source / "index", stop):
                told.append(count)
                seen.set()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        # Watching begins a moment later: a change that counts is made until it is told of.
        for _ in range(attempts):
            change()
            if seen.wait(0.1):
                break
        stop.set()
        thread.join(LONG)
        return told

    yield made
    stop.set()


def test_a_file_that_is_written_is_a_change(source: Path, changed: Callable[..., list[int]]) -> None:
    assert changed(lambda: (source / "a.txt").write_text("Ein Satz."))[0] >= 1


def test_the_index_within_a_source_and_hidden_files_are_no_change(
    source: Path, changed: Callable[..., list[int]]
) -> None:
    (source / "index").mkdir()

    def write() -> None:
        (source / "index" / "CURRENT").write_text("x")
        (source / ".hidden").write_text("x")

    assert changed(write, attempts=20) == []


def test_a_build_that_fails_is_told_and_the_next_change_built(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(watcher, "changes", lambda _sources, _index: iter([1, 2]))
    outcomes = [SourceError("nothing to index"), None]

    def build() -> None:
        outcome = outcomes.pop(0)
        if outcome:
            raise outcome

    commands._keep_up([tmp_path], tmp_path / "index", build)
    assert outcomes == []
    assert "error: nothing to index; the index is as it was" in capsys.readouterr().err
