"""Time limit of the request that a thread works on.

A thread cannot be ended from outside without risk for the locks and caches that it uses. So whatever may take
long calls ``check_deadline`` between its parts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from indexer.errors import FundstelleError

_T = TypeVar("_T")
_thread = threading.local()


class DeadlineExceededError(FundstelleError):
    """The request took longer than its time limit."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Limit the work of this thread while the block runs."""
    _thread.end = time.monotonic() + seconds
    try:
        yield
    finally:
        del _thread.end


def seconds_left() -> float | None:
    """Seconds until the time limit of this thread, 0 or less after it; ``None`` without one."""
    end: float | None = getattr(_thread, "end", None)
    return None if end is None else end - time.monotonic()


def check_deadline() -> None:
    """Do nothing as long as there is time.

    Raises:
        DeadlineExceededError: the time limit of this thread has passed.
    """
    left = seconds_left()
    if left is not None and left <= 0:
        raise DeadlineExceededError("the time limit of the request has passed")


def within_time(items: Iterable[_T]) -> Iterator[_T]:
    """The items, as long as there is time.

    Raises:
        DeadlineExceededError: see ``check_deadline``.
    """
    for item in items:
        check_deadline()
        yield item
