"""Progress bars on stderr, so that stdout stays the result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from indexer.cli.progress import bar

T = TypeVar("T")


def tracked(items: Sequence[T], what: str) -> Iterable[T]:
    """Iterate with a bar that disappears when done."""
    with bar() as progress:
        yield from progress.track(items, description=what)
