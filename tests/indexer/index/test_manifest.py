import hashlib
import json
import shutil
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from generations import live_folder, rename_live, rewrite

from indexer.errors import IndexDamagedError
from indexer.index.generation import open_generation
from indexer.index.layout import MANIFEST
from indexer.index.manifest import Manifest
from indexer.index.verification import verify


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ({"format": 99}, "index format 99, this version reads 5; rebuild the index"),
        ({}, "index format None, this version reads 5; rebuild the index"),
        ({"format": 2}, "index format 2, this version reads 5; rebuild the index"),
        ({"format": 5}, "not a manifest ("),
        ([1], "not a manifest ("),
        ({"format": 5, "created": "", "unknown": 1}, "not a manifest ("),
    ],
)
def test_a_manifest_of_another_format_is_refused(built_index: Path, content: object, fault: str) -> None:
    data = json.dumps(content).encode()
    (live_folder(built_index) / MANIFEST).write_bytes(data)
    name = f"20260101T000000000000-{hashlib.sha256(data).hexdigest()[:16]}"
    rename_live(built_index, name)
    with pytest.raises(IndexDamagedError, match="^" + name) as caught:
        open_generation(built_index)
    assert fault in str(caught.value)
    assert fault in next(verify(built_index))


def test_a_manifest_without_a_count_is_refused(built_index: Path) -> None:
    rewrite(built_index, lambda _: None, counts={})
    with pytest.raises(IndexDamagedError, match="the manifest lacks 'passages'"):
        open_generation(built_index)


def test_a_manifest_without_a_grouping_can_be_opened(built_index: Path) -> None:
    rewrite(built_index, lambda _: None, chunking={"size": 1200, "overlap": 0})
    with closing(open_generation(built_index)) as generation:
        assert generation.manifest.chunking == {"size": 1200, "overlap": 0}


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest = Manifest("2025", {"name": "m"}, {"size": 1}, {"documents": 1}, {}, ["Größe"], ["x: y"])
    folder = tmp_path / f"x-{manifest.write(tmp_path)}"
    folder.mkdir()
    shutil.copy(tmp_path / MANIFEST, folder)
    assert asdict(Manifest.read(folder)) == asdict(manifest)
