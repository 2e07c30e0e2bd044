"""Whether the index has a new live generation."""

from __future__ import annotations

from pathlib import Path

from indexer.errors import IndexingError
from indexer.generations import CURRENT, live_name


class IndexWatch:
    """Remembers what is served and what was refused; that is news again once it is made live again."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._refused: tuple[str, int] | None = None
        self.served: str | None = None

    def news(self) -> str | None:
        """Name of the live generation if it is to be opened; ``None`` also where the index cannot be read."""
        try:
            name = live_name(self._index)
        except IndexingError:
            return None
        return None if name == self.served or self._refused == (name, self._changed()) else name

    def refuse(self, name: str) -> None:
        """Not to be served until somebody makes it live once more."""
        self._refused = name, self._changed()

    def _changed(self) -> int:
        try:
            return (self._index / CURRENT).stat().st_mtime_ns
        except OSError:
            return 0
