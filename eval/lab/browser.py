"""Headless Chromium, and a page of another origin."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from indexer.errors import FundstelleError

#: Names of the program in various distributions.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: No background requests. In a container the sandbox cannot be set up.
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


class BrowserMissingError(FundstelleError):
    """Playwright or a browser is not installed."""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window, as Playwright's ``Browser``.

    Raises:
        BrowserMissingError: Playwright or Chromium is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BrowserMissingError("playwright is not installed: pip install '.[lab]'") from error
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise BrowserMissingError(
            f"no browser: none of {', '.join(_NAMES)} is installed (apt-get install chromium)"
        )
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def foreign_page(page: Callable[[], str], policy: Callable[[], str]) -> Iterator[str]:
    """The origin of a local server of one page, with a content security policy."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
