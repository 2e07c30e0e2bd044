"""Waiting for changes of sources, told by the system (watchfiles)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

#: Milliseconds of rest that end a change: a folder that is copied is indexed once.
_REST = 1500


def changes(sources: Sequence[Path], index: Path, stop: Event | None = None) -> Iterator[int]:
    """How many files have changed, each time that some have; ends with ``stop`` or Ctrl-C.

    What is hidden, and the index itself where it lies within a source, does not count.
    """
    import watchfiles

    own = index.absolute()

    def counts(_change: watchfiles.Change, path: str) -> bool:
        found = Path(path)
        return not found.name.startswith(".") and own not in (found, *found.parents)

    for found in watchfiles.watch(
        *sources, watch_filter=counts, debounce=_REST, step=200, stop_event=stop, raise_interrupt=False
    ):
        yield len({path for _, path in found})
