"""Cache of replies for recurring questions, each valid for one generation."""

from __future__ import annotations

import contextlib
import json

from cachetools import TTLCache

from service.workers.backend import Call, Reply

#: Bytes that an entry takes besides its body, estimated.
_ENTRY_OVERHEAD = 1000


class AnswerCache:
    """The latest replies by generation and call, limited in size and age."""

    def __init__(self, megabytes: float, seconds: float) -> None:
        self._replies: TTLCache[tuple[str, str, str], Reply] = TTLCache(
            megabytes * 1e6, seconds, getsizeof=lambda reply: len(reply.body) + _ENTRY_OVERHEAD
        )

    def get(self, generation: str | None, call: Call) -> Reply | None:
        """The cached reply to the same call on this generation."""
        return self._replies.get(_key(generation or "", call))

    def put(self, call: Call, reply: Reply) -> None:
        """Store a reply for the generation that it comes from; errors are not stored."""
        if reply.status == 200:
            # A reply that is larger than the whole cache is not stored.
            with contextlib.suppress(ValueError):
                self._replies[_key(reply.facts["generation"], call)] = reply


def _key(generation: str, call: Call) -> tuple[str, str, str]:
    return generation, call.name, json.dumps(call.arguments, sort_keys=True, ensure_ascii=False)
