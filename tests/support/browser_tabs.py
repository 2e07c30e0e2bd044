"""A real browser on the real service: Chromium, where it is installed, and pages of another origin."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from service_process import LocalBackend

from eval.lab import browser
from indexer.embedding.embedder import Embedder
from service.settings import Settings
from service.web.app import create_app

#: Milliseconds after which something has failed that takes far less.
LONG = 30_000


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    with contextlib.ExitStack() as stack:
        try:
            started = stack.enter_context(browser.chromium())
        except browser.BrowserMissingError as error:
            pytest.skip(str(error))
        yield started


@contextmanager
def serving(index: Path, embedder: Embedder, **settings: object) -> Iterator[str]:
    """The address of the service over an index, on a port of its own."""
    given = Settings(index=index, address_rate=0, **settings)  # type: ignore[arg-type]
    app = create_app(given, LocalBackend(index, embedder))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the service did not start"
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


class Tab:
    """A page of its own context. ``troubles``: errors it told; ``hosts``: whom it asked for something."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(**{"locale": "de-DE", "reduced_motion": "reduce"} | options)
        self.context.set_default_timeout(LONG)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)


def faults(page: Any) -> list[str]:
    """What axe-core finds fault with, a line each."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = axe.run(page).response["violations"]
    return [f"{it['id']}: {node['html'][:200]}" for it in found for node in it["nodes"]]
