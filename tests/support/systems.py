"""A measured system with fixed texts, passages and replies."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.systems.protocol import RetrievedPassage, SystemReply

REFUSAL = SystemReply("no_evidence", 0.0, ())


class FixedSystem:
    """A system that returns what it was given: texts by document, passages and replies by question."""

    encoding_ms = None

    def __init__(
        self,
        texts: Mapping[str, str],
        passages: Mapping[str, Sequence[RetrievedPassage]] | None = None,
        replies: Mapping[str, SystemReply] | None = None,
    ) -> None:
        self._texts = texts
        self._passages = passages or {}
        self._replies = replies or {}

    @property
    def facts(self) -> dict[str, Any]:
        return {"model": {"name": "fixed", "digest": None}, "generation": "g-1", "manifest": "1"}

    def search(self, text: str, limit: int) -> list[RetrievedPassage]:
        return list(self._passages.get(text, ()))[:limit]

    def ask(self, text: str) -> SystemReply:
        return self._replies.get(text, REFUSAL)

    def text(self, document_id: str) -> str | None:
        return self._texts.get(document_id)
