"""Answers kept for questions that recur, each good for one generation only."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from cachetools import TTLCache

from service.workers.backend import Call, Reply

#: Bytes that an entry takes beside its body, about.
_OVERHEAD = 1000


class AnswerCache:
    """The latest replies by call, as many as fit into some bytes, each for some seconds."""

    def __init__(self, megabytes: float, seconds: float) -> None:
        self._kept: TTLCache[tuple[str, str, str], Reply] = TTLCache(
            megabytes * 1e6, seconds, getsizeof=lambda reply: len(reply.body) + _OVERHEAD
        )

    def get(self, generation: str | None, call: Call) -> Reply | None:
        """What was replied to the very same call on this generation."""
        return self._kept.get(_key(generation or "", call))

    def put(self, call: Call, reply: Reply) -> None:
        """Keep a reply for the generation that it says it comes from; errors are not kept."""
        if reply.status == 200:
            # One that is larger than the whole cache is not kept.
            with contextlib.suppress(ValueError):
                self._kept[_key(reply.facts["generation"], call)] = reply


def _key(generation: str, call: Call) -> tuple[str, str, str]:
    return generation, call.name, _text(call.arguments)


def _text(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)
