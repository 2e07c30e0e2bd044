from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.build.pipeline import build
from indexer.errors import IndexDamagedError
from indexer.index.generation import open_generation
from indexer.index.live_generation import generation_names, is_live, live_name, prune, set_live
from indexer.index.verification import verify


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"gone\n", b".\n", b"..\n", b"../..\n", b"\0", b"\xff\xfe", b".hidden\n"]
)
def test_a_current_file_that_names_no_generation_is_damaged(built_index: Path, content: bytes) -> None:
    (built_index / "generations" / ".hidden").mkdir()
    (built_index / "CURRENT").write_bytes(content)
    with pytest.raises(IndexDamagedError, match=r"/CURRENT: "):
        live_name(built_index)
    assert not is_live(built_index, content.decode("latin-1").strip())


def test_a_current_file_that_is_a_folder_is_damaged(built_index: Path) -> None:
    (built_index / "CURRENT").unlink()
    (built_index / "CURRENT").mkdir()
    with pytest.raises(IndexDamagedError, match=r"/CURRENT: not readable"):
        live_name(built_index)


def test_setting_the_live_generation_leaves_no_other_file(built_index: Path) -> None:
    before = sorted(path.name for path in built_index.iterdir())
    set_live(built_index, live_name(built_index))
    assert sorted(path.name for path in built_index.iterdir()) == before


@pytest.mark.parametrize(("keep", "left"), [(1, 1), (2, 2), (3, 3), (9, 4)])
def test_pruning_keeps_the_newest(built_index: Path, corpus: Path, keep: int, left: int) -> None:
    for _ in range(3):
        build([corpus], built_index, FakeEmbedder(), keep=9)
    names = generation_names(built_index)
    assert prune(built_index, keep) == names[:-left]
    assert generation_names(built_index) == names[-left:]


def test_pruning_keeps_the_live_one_however_old(built_index: Path, corpus: Path) -> None:
    old = live_name(built_index)
    build([corpus], built_index, FakeEmbedder())
    build([corpus], built_index, FakeEmbedder())
    set_live(built_index, old)
    prune(built_index, 1)
    assert old in generation_names(built_index)
    assert len(generation_names(built_index)) == 2
    assert list(verify(built_index)) == []


def test_an_opened_generation_can_be_read_after_it_was_pruned(built_index: Path, corpus: Path) -> None:
    with closing(open_generation(built_index)) as generation:
        build([corpus], built_index, FakeEmbedder(), keep=1)
        assert generation.name not in generation_names(built_index)
        assert len(list(generation.store.documents())) == 5
        assert generation.lexical.scores(["=NQ-57"]).any()
        assert generation.passage_vectors.rows(np.arange(2)).any()


def test_a_huge_current_file_is_not_repeated_in_the_message(built_index: Path) -> None:
    (built_index / "CURRENT").write_bytes(b"a" * 10_000_000)
    with pytest.raises(IndexDamagedError) as caught:
        live_name(built_index)
    assert len(str(caught.value)) < 1000
