"""Fixtures of the tests with stub workers."""

from pathlib import Path

import pytest

from indexer.index.live_generation import set_live


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder with two generations, of which ``old`` is live."""
    for name in ("old", "new"):
        (tmp_path / "index" / "generations" / name).mkdir(parents=True)
    set_live(tmp_path / "index", "old")
    return tmp_path / "index"
