"""A small index and a client of the service over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from service_process import served
from starlette.testclient import TestClient

from indexer.build.pipeline import build


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("middleware")
    (folder / "dorf.txt").write_text("Im Dorf gibt es eine Schule.", "utf-8")
    (folder / "weg.txt").write_text("Der Weg zur Schule ist weit.", "utf-8")
    build([folder / "dorf.txt", folder / "weg.txt"], folder / "index", FakeEmbedder())
    return folder / "index"


@pytest.fixture
def client(index: Path) -> Iterator[TestClient]:
    with served(index, address_rate=0) as client:
        yield client
