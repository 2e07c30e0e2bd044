"""Chromium, for what only a browser can tell."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from indexer.errors import FundstelleError

#: What Debian, others, and people who install it themselves call it.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: No requests of the browser's own; within a container it cannot build its sandbox.
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


class BrowserMissingError(FundstelleError):
    """There is no browser, or nothing to drive it with."""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window, as Playwright's ``Browser``.

    Raises:
        BrowserMissingError: Playwright or Chromium is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BrowserMissingError(
            "playwright is not installed: pip install -c constraints.txt -e '.[dev]'"
        ) from error
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise BrowserMissingError(
            f"no browser: none of {', '.join(_NAMES)} is installed (apt-get install chromium)"
        )
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()
