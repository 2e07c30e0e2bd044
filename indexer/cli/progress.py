"""Progress bars on stderr, so that stdout stays the result."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from indexer.build.report import ReportProgress


class _Count(ProgressColumn):
    """How much is done of how much, where it is known, and how much in a second."""

    def render(self, task: Task) -> Text:
        whole = f" of {task.total:,.0f}" if task.total is not None else ""
        rate = f"  {task.speed:,.0f}/s" if task.speed else ""
        return Text(f"{task.completed:,.0f}{whole}{rate}" if task.completed else "")


def bar() -> Progress:
    """A bar with rate and time left that disappears when done."""
    # On a line of 80 characters with eight digits in either count.
    columns = (TextColumn("{task.description}"), BarColumn(16), _Count(), TimeRemainingColumn())
    console = Console(stderr=True)
    # Where nobody watches, each bar would leave an empty line before the one that says what is wrong.
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextlib.contextmanager
def build_progress(first: str = "loading the model") -> Iterator[ReportProgress]:
    """A bar for a build: one line for the step it is at, at the beginning ``first``."""
    with bar() as progress:
        tasks = {first: progress.add_task(first, total=None)}

        def report(what: str, done: int, whole: int | None) -> None:
            if what not in tasks:
                # Anew for each step: the rate of one says nothing of the next.
                for task in tasks.values():
                    progress.remove_task(task)
                tasks.clear()
                tasks[what] = progress.add_task(what, total=whole)
            progress.update(tasks[what], completed=done, total=whole)

        yield report
