"""Progress bars on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from indexer.cli.progress import bar

T = TypeVar("T")


def track(items: Sequence[T], description: str) -> Iterable[T]:
    """Iterate with a bar that disappears at the end."""
    with bar() as progress:
        yield from progress.track(items, description=description)
