"""Results of a method kept by its object, without keeping the object itself alive."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast
from weakref import WeakMethod

F = TypeVar("F", bound=Callable[..., Any])


def remembering(method: F, size: int) -> F:
    """A bound method that remembers its latest ``size`` results; to be kept as an attribute of its object.

    A plain cache of a bound method would hold its object, which holds the cache: what such an object has
    open would stay so until the collector comes round, and for good where that was told to skip it.
    """
    owner = WeakMethod(method)

    def ask(*arguments: Any) -> Any:
        bound = owner()
        assert bound is not None, "the cache was kept longer than its object"
        return bound(*arguments)

    return cast(F, lru_cache(size)(ask))
