"""A small BEIR set with its index, and a question file."""

from pathlib import Path

import pytest
from beir import jsonl, write_beir
from fakes import FakeEmbedder

from indexer.build.pipeline import build


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_beir(tmp_path / "small")


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Path:
    build([folder / "corpus.jsonl"], tmp_path / "index", FakeEmbedder())
    return tmp_path / "index"


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    gold = [{"document": "school", "quote": "Die neue Schule wurde im September eröffnet."}]
    asked = {"id": "s", "lang": "de", "question": "Wann wurde die neue Schule eröffnet?", "gold": gold}
    wrong = {"id": "w", "lang": "en", "question": "Was sagt Resolution 68?", "gold": gold}
    jsonl(tmp_path / "dev.jsonl", [row | {"status": "answered"} for row in (asked, wrong)])
    return tmp_path / "dev.jsonl"
