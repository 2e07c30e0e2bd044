"""Attacks by web pages that are fetched, and on the process that reads files."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from eval.lab.attacks.attack import AttackResult
from indexer.errors import SourceError
from indexer.sources.converters import ConversionError
from indexer.sources.converters.sandbox import Converter
from indexer.sources.fetching.address_policy import AddressPolicy
from indexer.sources.fetching.fetch_state import STATE
from indexer.sources.fetching.fetcher import FetchResult, ListedPage, fetch

_OUTER, _INNER = "127.0.0.2", "127.0.0.3"
_SECONDS = 3.0


def attack_by_pages(folder: Path) -> Iterator[AttackResult]:
    """All attacks by pages, from hosts on loopback addresses, with files in a folder."""
    with _host(_INNER) as (inner, asked), _host(_OUTER, f"http://{_INNER}:{inner}/text") as (outer, _):

        def fetched(path: str) -> tuple[FetchResult, float]:
            began = time.monotonic()
            page = ListedPage(f"http://{_OUTER}:{outer}{path}", "a")
            policy = AddressPolicy.of([_OUTER])
            [result] = fetch([page], folder / "pages", pause=0, backoff=0, seconds=_SECONDS, policy=policy)
            return result, time.monotonic() - began

        fetched("/redirect")
        yield AttackResult(
            "page that redirects to an internal address",
            "followed",
            f"{len(asked)} requests there",
            "0",
            not asked,
        )
        for path, name in (
            ("/slow", "body without end, a byte at a time"),
            ("/busy", "Retry-After of two hours"),
        ):
            result, seconds = fetched(path)
            holds = result.outcome == "failed" and seconds < _SECONDS + 2
            yield AttackResult(
                f"{name} (time limit {_SECONDS:g} s)", "no end", f"{seconds:.1f} s", "≤ 5 s", holds
            )
        foreign = folder / "foreign.txt"
        foreign.write_text("stays", "utf-8")
        row = {"file": "../foreign.txt", "sha256": "", "fetched": ""}
        (folder / "pages" / STATE).write_text(json.dumps({f"http://{_OUTER}:{outer}/text": row}), "utf-8")
        with contextlib.suppress(SourceError):
            fetched("/text")
        measured = "kept" if foreign.exists() else "deleted"
        yield AttackResult(
            f"{STATE} that names a file outside", "deleted", measured, "kept", measured == "kept"
        )
    yield _confinement(folder)


def _confinement(folder: Path) -> AttackResult:
    known = set(psutil.Process().children())
    with Converter() as converter:
        with contextlib.suppress(ConversionError):
            converter.convert("html", folder / "none.html")
        [process] = set(psutil.Process().children()) - known
        status = Path(f"/proc/{process.pid}/status")
        found = re.search(r"Seccomp:\s*(\d)", status.read_text("ascii")) if status.exists() else None
    mode = found[1] if found else "none"
    return AttackResult(
        "process that reads files: filter of system calls (2: yes)", "0", mode, "2", mode == "2"
    )


@contextlib.contextmanager
def _host(address: str, target: str = "") -> Iterator[tuple[int, list[str]]]:
    """Port of a hostile host, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            reply = {
                "/redirect": self._redirect,
                "/slow": self._drip,
                "/busy": self._busy,
                "/text": self._text,
            }
            with contextlib.suppress(OSError):
                reply.get(self.path, self._nothing)()

        def _head(self, status: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()

        def _redirect(self) -> None:
            self._head(302, Location=target, Content_Length="0")

        def _drip(self) -> None:
            self._head(200, Content_Type="text/plain")
            while True:
                self.wfile.write(b"x")
                time.sleep(0.1)

        def _busy(self) -> None:
            self._head(503, Retry_After="7200", Content_Length="0")

        def _text(self) -> None:
            self._head(200, Content_Type="text/plain", Content_Length="4")
            self.wfile.write(b"Text")

        def _nothing(self) -> None:
            self._head(404, Content_Length="0")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((address, 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
