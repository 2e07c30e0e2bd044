"""Fixtures of all tests. No test reaches for the network."""

import os
import shutil
from pathlib import Path

# Read when the libraries are imported, so they are set before any of them is.
os.environ["HF_HUB_OFFLINE"] = "1"
# Threads that wait give way: where other programs run too, busy waiting makes the model many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
from fakes import FakeEmbedder

from indexer.build import build
from indexer.embedder import SentenceTransformerEmbedder

ROOT = Path(__file__).parents[1]


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
