"""A service over HTTP as a system to measure: the contract of ``/v1`` from a client's side."""

from __future__ import annotations

import contextlib
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from eval.systems.protocol import Cited, Found, Place, Reply
from indexer.errors import SourceError

_TIMEOUT = 60.0  # seconds


class RemoteSystem:
    """The service at an address. One generation answers all of a run, or the run fails."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._index: dict[str, str] = {}
        self._texts: dict[str, str | None] = {}

    @classmethod
    def open(cls, url: str) -> RemoteSystem:
        """Reach the service and note what answers.

        Raises:
            SourceError: it is no http address, or nothing there answers as this service does.
        """
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise SourceError(f"{url!r} is no address that begins with http:// or https://")
        system = cls(url)
        system.search("Resolution", 1)
        return system

    @property
    def facts(self) -> dict[str, Any]:
        """Model, generation and manifest as the service names them."""
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
        """Not to be seen from outside."""
        return None

    def search(self, text: str, limit: int) -> list[Found]:
        reply = self._post("/v1/search", {"query": text, "top_k": limit})
        with self._as_agreed():
            return [
                Found(
                    hit["document_id"], float(hit["score"]), _place(hit["document_id"], hit["best_sentence"])
                )
                for hit in reply["hits"]
            ]

    def ask(self, text: str) -> Reply:
        reply = self._post("/v1/ask", {"question": text})
        with self._as_agreed():
            citations = sorted(reply["citations"], key=lambda citation: int(citation["number"]))
            cited = tuple(Cited(_place(c["document_id"], c), c["quote"]) for c in citations)
            return Reply(reply["status"], float(reply["confidence"]), cited)

    def text(self, document_id: str) -> str | None:
        """A document's canonical text as the service gives it; ``None`` when it knows none."""
        if document_id not in self._texts:
            reply = self._send(f"/v1/documents/{urllib.parse.quote(document_id)}", None)
            with self._as_agreed():
                self._texts[document_id] = None if reply is None else str(reply["text"])
        return self._texts[document_id]

    @contextlib.contextmanager
    def _as_agreed(self) -> Iterator[None]:
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
            raise SourceError(f"{self._url}: the index changed from {before} to {now} while it was measured")
        self._index = reply["index"]
        return reply

    def _send(self, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        """The JSON object at an address, ``None`` where there is nothing (404)."""
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


def _place(document_id: str, span: dict[str, Any]) -> Place:
    return Place(document_id, int(span["start"]), int(span["end"]))
