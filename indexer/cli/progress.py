"""Progress bars on stderr; stdout contains only results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from indexer.build.report import ReportProgress


class _Count(ProgressColumn):
    """The amount done, the total if it is known, and the rate a second."""

    def render(self, task: Task) -> Text:
        total = f" of {task.total:,.0f}" if task.total is not None else ""
        rate = f"  {task.speed:,.0f}/s" if task.speed else ""
        return Text(f"{task.completed:,.0f}{total}{rate}" if task.completed else "")


def bar() -> Progress:
    """A bar with rate and remaining time that disappears when it is done."""
    # They fit a line of 80 characters with eight digits in either count.
    columns = (TextColumn("{task.description}"), BarColumn(16), _Count(), TimeRemainingColumn())
    console = Console(stderr=True)
    # Outside a terminal, each bar would leave an empty line before an error message.
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextlib.contextmanager
def build_progress(first: str = "loading the model") -> Iterator[ReportProgress]:
    """A bar for a build that shows the current step; ``first``: the step before the first report."""
    with bar() as progress:
        tasks = {first: progress.add_task(first, total=None)}

        def report(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                # A new task for each step, as the rate of one does not predict the next.
                for task in tasks.values():
                    progress.remove_task(task)
                tasks.clear()
                tasks[step] = progress.add_task(step, total=total)
            progress.update(tasks[step], completed=done, total=total)

        yield report
