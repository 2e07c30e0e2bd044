"""A real browser on the real service: Chromium, where it is installed, and pages of another origin."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from eval.lab import browser

#: Milliseconds after which something has failed that takes far less.
LONG = 30_000


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where none is installed."""
    with contextlib.ExitStack() as stack:
        try:
            started = stack.enter_context(browser.chromium())
        except browser.BrowserMissingError as error:
            pytest.skip(str(error))
        yield started


class Tab:
    """A page in a context of its own. ``problems``: its errors and warnings; ``hosts``: of its requests."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(**{"locale": "de-DE", "reduced_motion": "reduce"} | options)
        self.context.set_default_timeout(LONG)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._record)
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _record(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)


def faults(page: Any) -> list[str]:
    """The accessibility violations that axe-core finds, a line each."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = axe.run(page).response["violations"]
    return [f"{it['id']}: {node['html'][:200]}" for it in found for node in it["nodes"]]
