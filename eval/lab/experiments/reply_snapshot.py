"""``python -m eval replies``: replies of a running service in a file, to compare two versions byte for byte.

    python -m eval replies --service URL SET [SET …] --output FILE [--limit N]

One JSON line for each question and address: ``{"set", "query_id", "path", "text", "status", "reply"}``. The
field ``index`` of a reply, which names the generation, is left out.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.console.progress import track
from eval.datasets.loading import load, queries_of
from eval.datasets.query import Query
from eval.runs.runner import evenly_spread
from indexer.cli.options import exit_on_error
from indexer.errors import SourceError

#: Statuses after which the same request is sent again, and for how many seconds.
_BUSY, _PATIENCE = (429, 503), 60.0
_TIMEOUT = 60.0


def main(
    sets: Annotated[
        list[Path],
        typer.Argument(metavar="SET", help="BEIR folders or question files.", show_default=False),
    ],
    service: Annotated[str, typer.Option(metavar="URL", help="A running service.", show_default=False)],
    output: Annotated[Path, typer.Option(help="File for the replies.", show_default=False)],
    limit: Annotated[int | None, typer.Option(min=1, help="Most questions of a set, spread over it.")] = None,
) -> None:
    """Write the replies of a running service to every question of SET…, one JSON line each."""
    with exit_on_error():
        questions = [
            (path.name, query) for path in sets for query in evenly_spread(queries_of(load(path)), limit)
        ]
        try:
            with output.open("w", encoding="utf-8") as file:
                for name, query in track(questions, "asking"):
                    for row in replies(service.rstrip("/"), name, query):
                        file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise SourceError(f"{output}: cannot be written ({error.strerror})") from error
    print(f"{len(questions)} questions: {output}")


def replies(url: str, name: str, query: Query) -> Iterator[dict[str, Any]]:
    """A row for each compared address.

    Raises:
        SourceError: nothing answers there, or not with JSON.
    """
    requests: dict[str, dict[str, object]] = {
        "/v1/ask": {"question": query.text, "max_citations": 10},
        "/v1/search": {"query": query.text, "top_k": 20},
    }
    for path, body in requests.items():
        status, reply = _post(url + path, body)
        reply.pop("index", None)
        yield {
            "set": name,
            "query_id": query.query_id,
            "path": path,
            "text": query.text,
            "status": status,
            "reply": reply,
        }


def _post(address: str, body: dict[str, object]) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of a reply. A busy service is asked again."""
    until = time.monotonic() + _PATIENCE
    while True:
        status, content = _send(address, body)
        if status not in _BUSY or time.monotonic() > until:
            break
        time.sleep(0.5)
    try:
        reply: Any = json.loads(content)
    except ValueError as error:
        raise SourceError(f"{address}: the reply is not JSON") from error
    if not isinstance(reply, dict):
        raise SourceError(f"{address}: the reply is not a JSON object")
    return status, reply


def _send(address: str, body: dict[str, object]) -> tuple[int, bytes]:
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError as error:
        raise SourceError(f"{address}: no answer ({getattr(error, 'reason', None) or error})") from error
