"""Watcher of sources, notified of changes by the operating system (watchfiles)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event


def changes(
    sources: Sequence[Path], index: Path, stop: Event | None = None, quiet_period: int = 1500
) -> Iterator[int]:
    """Wait for changes and yield the number of files in each; ends with ``stop`` or Ctrl-C.

    Hidden files and the index, if it is inside a source, do not count.

    Args:
        quiet_period: milliseconds without a change that end one, so that a folder which is being copied is
            indexed once.
    """
    import watchfiles

    index_folder = index.absolute()

    def counts(_change: watchfiles.Change, name: str) -> bool:
        path = Path(name)
        return not path.name.startswith(".") and index_folder not in (path, *path.parents)

    for found in watchfiles.watch(
        *sources, watch_filter=counts, debounce=quiet_period, step=200, stop_event=stop, raise_interrupt=False
    ):
        yield len({name for _, name in found})
