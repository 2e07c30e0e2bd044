"""A running service as a measured system: a client of ``/v1``."""

from __future__ import annotations

import contextlib
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from eval.systems.protocol import CitedSpan, DocumentSpan, RetrievedPassage, SystemReply
from indexer.errors import SourceError

_TIMEOUT = 60.0  # seconds


class RemoteSystem:
    """The service at an address. All replies must come from one generation."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._index: dict[str, str] = {}
        self._texts: dict[str, str | None] = {}

    @classmethod
    def open(cls, url: str) -> RemoteSystem:
        """Connect to the service and note its generation.

        Raises:
            SourceError: the address is no http address, or no such service answers there.
        """
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise SourceError(f"{url!r}: an address begins with http:// or https://")
        system = cls(url)
        system.search("Resolution", 1)
        return system

    @property
    def facts(self) -> dict[str, Any]:
        """Model, generation and manifest as the service states them."""
        name, _, digest = self._index.get("model", "").partition("@")
        generation = self._index.get("generation", "")
        return {
            "service": self._url,
            "model": {"name": name, "digest": digest or None},
            "generation": generation,
            "manifest": generation.rsplit("-", 1)[-1],
        }

    @property
    def encoding_ms(self) -> float | None:
        """Unknown to a client."""
        return None

    def search(self, text: str, limit: int) -> list[RetrievedPassage]:
        reply = self._post("/v1/search", {"query": text, "top_k": limit})
        with self._checked_reply():
            return [
                RetrievedPassage(
                    hit["document_id"], float(hit["score"]), _span(hit["document_id"], hit["best_sentence"])
                )
                for hit in reply["hits"]
            ]

    def ask(self, text: str) -> SystemReply:
        reply = self._post("/v1/ask", {"question": text})
        with self._checked_reply():
            citations = sorted(reply["citations"], key=lambda citation: int(citation["number"]))
            cited = tuple(CitedSpan(_span(c["document_id"], c), c["quote"]) for c in citations)
            return SystemReply(reply["status"], float(reply["confidence"]), cited)

    def text(self, document_id: str) -> str | None:
        """The canonical text of a document; ``None`` if the service has no such document."""
        if document_id not in self._texts:
            reply = self._send(f"/v1/documents/{urllib.parse.quote(document_id)}", None)
            with self._checked_reply():
                self._texts[document_id] = None if reply is None else str(reply["text"])
        return self._texts[document_id]

    @contextlib.contextmanager
    def _checked_reply(self) -> Iterator[None]:
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            raise SourceError(f"{self._url}: not a reply of this service ({error!r})") from error

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self._send(path, body)
        if reply is None or not isinstance(reply.get("index"), dict):
            raise SourceError(f"{self._url}{path}: not a reply of this service")
        if self._index and reply["index"] != self._index:
            before, now = self._index["generation"], reply["index"].get("generation")
            raise SourceError(f"{self._url}: the index changed from {before} to {now} during the run")
        self._index = reply["index"]
        return reply

    def _send(self, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        """The JSON object at an address; ``None`` for 404."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
                reply = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404 and body is None:
                    return None
                raise SourceError(f"{self._url}{path}: HTTP {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise SourceError(f"{self._url}{path}: no answer ({reason})") from error
        if not isinstance(reply, dict):
            raise SourceError(f"{self._url}{path}: not a reply of this service")
        return reply


def _span(document_id: str, span: dict[str, Any]) -> DocumentSpan:
    return DocumentSpan(document_id, int(span["start"]), int(span["end"]))
