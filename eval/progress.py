"""Progress bars on stderr, so that stdout stays the result."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from indexer.build import Report

T = TypeVar("T")


def tracked(items: Sequence[T], what: str) -> Iterable[T]:
    """Iterate with a bar that disappears when done."""
    with _bar() as bar:
        yield from bar.track(items, description=what)


@contextlib.contextmanager
def building(first: str = "loading the model") -> Iterator[Report]:
    """A bar for ``indexer.build.build``: one line for the step it is at, at the beginning ``first``."""
    with _bar() as bar:
        task = bar.add_task(first, total=None)

        def report(what: str, done: int, whole: int | None) -> None:
            bar.update(task, description=what, completed=done, total=whole)

        yield report


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # Where nobody watches, each bar would leave an empty line before the one that says what is wrong.
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
