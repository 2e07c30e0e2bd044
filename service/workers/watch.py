"""Whether the index has a new live generation."""

from __future__ import annotations

from pathlib import Path

from indexer.errors import IndexingError
from indexer.generations import CURRENT, live_name


class IndexWatch:
    """Remembers what is served and what was refused; that is news again once it is made live again."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._seen: tuple[str, int] | None = None
        self._refused: tuple[str, int] | None = None
        self.served: str | None = None

    def news(self) -> str | None:
        """Name of the live generation if it is to be opened; ``None`` also where the index cannot be read."""
        try:
            # The time first: what is made live meanwhile is news the next time.
            changed = (self._index / CURRENT).stat().st_mtime_ns
            name = live_name(self._index)
        except (IndexingError, OSError):
            return None
        self._seen = name, changed
        return None if name == self.served or self._refused == self._seen else name

    def refuse(self, name: str) -> None:
        """Not to be served until somebody makes it live once more: after it was last told as news."""
        if self._seen and self._seen[0] == name:
            self._refused = self._seen
