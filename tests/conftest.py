"""Fixtures of all tests. No test reaches for the network."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Read when the libraries are imported, so they are set before any of them is.
os.environ["HF_HUB_OFFLINE"] = "1"
# Threads that wait give way: where other programs run too, busy waiting makes the model many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Most tests are of something else, and many embed with a fake: where a reader is meant, the test says so.
os.environ["FUNDSTELLE_READER"] = "off"

import browser_tabs
import pytest
from fakes import FakeEmbedder
from paths import ROOT
from service_process import serving

from indexer.build.pipeline import build
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder

#: Markers by the fixtures that a test uses, directly or through others.
_MARKERS = {"browser": "browser", "real_embedder": "model"}


@pytest.hookimpl(tryfirst=True)  # before ``-m`` selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a browser or the real model."""
    for item in items:
        for fixture, marker in _MARKERS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture(scope="session")
def real_embedder() -> SentenceTransformerEmbedder:
    """The default model; it takes some seconds to load, so there is one for all tests."""
    return SentenceTransformerEmbedder.load()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The example corpus of the project."""
    return ROOT / "corpus"


@pytest.fixture(scope="session")
def reports() -> Path:
    """The original reports, which lie beside the checkout and are not part of it."""
    folder = ROOT.parent / "shared" / "reports"
    if not folder.is_dir():
        pytest.skip(f"no reports at {folder}")
    return folder


@pytest.fixture(scope="session")
def _corpus_index(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("built") / "index"
    build([corpus], index, FakeEmbedder())
    return index


@pytest.fixture
def built_index(_corpus_index: Path, tmp_path: Path) -> Path:
    """An index over the example corpus, made with the fake embedder; a copy that a test may damage."""
    return Path(shutil.copytree(_corpus_index, tmp_path / "index"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; tests that need it are skipped where it is not installed.

    Not for the whole session: while it runs, no other event loop can run in this thread.
    """
    with browser_tabs.chromium() as started:
        yield started


@pytest.fixture
def tab(browser: Any) -> Iterator[Callable[..., browser_tabs.Tab]]:
    """Opens tabs, each in a context of its own, closed after the test."""
    opened: list[browser_tabs.Tab] = []

    def new(**options: Any) -> browser_tabs.Tab:
        opened.append(browser_tabs.Tab(browser, **options))
        return opened[-1]

    yield new
    for it in opened:
        it.context.close()


@pytest.fixture(scope="session")
def digests(
    corpus: Path, real_embedder: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An index over the example corpus, made with the default model."""
    index = tmp_path_factory.mktemp("digests") / "index"
    build([corpus], index, real_embedder)
    return index


@pytest.fixture(scope="session")
def service(digests: Path, real_embedder: SentenceTransformerEmbedder) -> Iterator[str]:
    """Address of a service over the example corpus, with the default model."""
    with serving(digests, real_embedder) as address:
        yield address
