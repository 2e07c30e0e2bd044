"""The names that other programs import from ``indexer``."""

import subprocess
import sys
from pathlib import Path

import pytest
from fakes import FakeEmbedder

import indexer


@pytest.mark.parametrize("package", ["indexer", "indexer.embedding"])
def test_importing_a_package_imports_none_of_its_modules(package: str) -> None:
    script = f"import {package}, sys; print(*(name for name in sys.modules if name.startswith('{package}.')))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", indexer.__all__)
def test_every_public_name_is_documented_and_listed(name: str) -> None:
    assert getattr(indexer, name).__doc__
    assert name in dir(indexer)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'indexer' has no attribute 'nothing'$"):
        _ = indexer.nothing


def test_an_index_is_built_verified_and_opened_by_public_names(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Das Dach ist rot.")
    summary = indexer.build_index([tmp_path / "a.txt"], tmp_path / "index", FakeEmbedder())
    assert list(indexer.verify(tmp_path / "index")) == []
    generation = indexer.open_generation(tmp_path / "index")
    assert generation.name == summary.generation
    generation.close()
