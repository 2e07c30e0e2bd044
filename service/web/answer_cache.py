"""Cache of replies for recurring questions, each valid for one generation."""

from __future__ import annotations

import contextlib
import hashlib
import json

from cachetools import TTLCache

from service.workers.backend import Call, Reply

#: Bytes of an entry besides body, detail and facts: digest, objects, links. Measured: 1.3 to 1.4 kB.
_ENTRY_OVERHEAD = 1400
#: Bytes of the largest entry by default. An answer takes 2 to 20 kB, a search for 100 passages up to 150 kB.
MAX_ENTRY_BYTES = 100_000


class AnswerCache:
    """The latest replies by generation and call, limited in size and age.

    Calls are known by their digest only, so that an entry takes no more memory than its reply.
    """

    def __init__(self, megabytes: float, seconds: float, max_entry_bytes: int = MAX_ENTRY_BYTES) -> None:
        self._replies: TTLCache[bytes, Reply] = TTLCache(megabytes * 1e6, seconds, getsizeof=_size)
        self._max_entry_bytes = max_entry_bytes

    def get(self, generation: str | None, call: Call) -> Reply | None:
        """The cached reply to the same call on this generation."""
        return self._replies.get(_key(generation or "", call))

    def put(self, call: Call, reply: Reply) -> None:
        """Store a reply for the generation that it comes from; errors and large replies are not stored."""
        if reply.status == 200 and _size(reply) <= self._max_entry_bytes:
            # A reply that is larger than the whole cache is not stored.
            with contextlib.suppress(ValueError):
                self._replies[_key(reply.facts["generation"], call)] = reply


def _size(reply: Reply) -> int:
    """Bytes that an entry takes, its key included."""
    facts = sum(len(str(name)) + len(str(value)) for name, value in reply.facts.items())
    return len(reply.body) + len(reply.detail) + facts + _ENTRY_OVERHEAD


def _key(generation: str, call: Call) -> bytes:
    text = json.dumps([generation, call.name, call.arguments], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=32).digest()
