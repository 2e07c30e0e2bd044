"""The current engine, and its replacement by one over another generation."""

import gc
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from fakes import FakeEmbedder

from indexer.build.pipeline import build
from indexer.errors import FundstelleError, IndexDamagedError, ModelMismatchError
from indexer.index.generation import open_generation
from indexer.index.live_generation import generation_names
from service.api import serializers
from service.engine import Engine
from service.workers.engine_holder import EngineHolder

#: Seconds after which something has failed that takes milliseconds.
LONG = 30.0
#: What the two generations say of the same thing.
OLD, NEW = "Im Dorf gibt es eine Schule.", "Im Dorf gibt es zwei Schulen."


@pytest.fixture(scope="module")
def _two_generations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("holder")
    for text in (OLD, NEW):
        (folder / "dorf.txt").write_text(text, "utf-8")
        build([folder / "dorf.txt"], folder / "index", FakeEmbedder())
    return folder / "index"


@pytest.fixture
def index(_two_generations: Path, tmp_path: Path) -> Path:
    """An index of two generations, ``OLD`` and ``NEW``."""
    return Path(shutil.copytree(_two_generations, tmp_path / "index"))


@pytest.fixture
def names(index: Path) -> list[str]:
    return generation_names(index)


@pytest.fixture
def holder(index: Path, names: list[str], embedder: FakeEmbedder) -> Iterator[EngineHolder]:
    """Serves the old generation at first."""
    engine = EngineHolder(index, embedder, Engine.compose(open_generation(index, names[0]), embedder))
    yield engine
    engine.close()


def found_text(engine: Engine) -> str:
    """The text that an engine finds on the village."""
    [hit] = serializers.search_reply(
        *engine.search("Wie viele Schulen hat das Dorf?"), engine.generation
    ).hits
    return hit.text


def closed(engine: Engine) -> bool:
    try:
        engine.generation.store.number_of("dorf.txt")
    except IndexDamagedError:
        return True
    return False


def opened_files(folder: Path) -> list[str]:
    """Files below a folder that this process has open."""
    return [file.path for file in psutil.Process().open_files() if file.path.startswith(str(folder))]


def test_it_names_and_hands_out_the_engine_in_force(holder: EngineHolder, names: list[str]) -> None:
    assert holder.generation == names[0]
    with holder.lease() as engine:
        assert found_text(engine) == OLD


def test_after_an_exchange_the_new_generation_answers(holder: EngineHolder, names: list[str]) -> None:
    holder.replace(names[1])
    assert holder.generation == names[1]
    with holder.lease() as engine:
        assert found_text(engine) == NEW


def test_an_unused_engine_is_closed_when_it_is_replaced(holder: EngineHolder, names: list[str]) -> None:
    with holder.lease() as old:
        pass
    holder.replace(names[1])
    assert closed(old)


def test_of_a_replaced_generation_no_file_stays_open(
    holder: EngineHolder, index: Path, names: list[str]
) -> None:
    with holder.lease() as engine:
        found_text(engine)
    del engine
    assert opened_files(index / "generations" / names[0]) != []
    holder.replace(names[1])
    gc.collect()
    assert opened_files(index / "generations" / names[0]) == []


def test_a_leased_engine_stays_usable_after_the_exchange_and_is_closed_when_the_last_lets_go(
    holder: EngineHolder, names: list[str]
) -> None:
    with holder.lease() as first:
        with holder.lease() as second:
            holder.replace(names[1])
            assert found_text(first) == OLD
        assert second is first and found_text(first) == OLD
    assert closed(first)


def test_an_engine_leased_by_a_question_that_fails_is_let_go(holder: EngineHolder, names: list[str]) -> None:
    with pytest.raises(KeyError), holder.lease() as old:
        holder.replace(names[1])
        raise KeyError("not the engine's fault")
    assert closed(old)


def test_the_same_name_changes_nothing(holder: EngineHolder, names: list[str]) -> None:
    with holder.lease() as before:
        pass
    holder.replace(names[0])
    with holder.lease() as after:
        assert after is before and found_text(after) == OLD


def test_one_may_go_back_to_the_former_generation(holder: EngineHolder, names: list[str]) -> None:
    for name in (names[1], names[0]):
        holder.replace(name)
    with holder.lease() as engine:
        assert found_text(engine) == OLD


@pytest.mark.parametrize("file", ["documents.sqlite", "passages.faiss", "manifest.json"])
def test_a_damaged_generation_is_refused_and_the_old_one_goes_on(
    holder: EngineHolder, index: Path, names: list[str], file: str
) -> None:
    path = index / "generations" / names[1] / file
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IndexDamagedError, match=file):
        holder.replace(names[1])
    assert holder.generation == names[0]
    with holder.lease() as engine:
        assert found_text(engine) == OLD
    assert opened_files(path.parent) == []


def test_a_generation_that_is_not_there_is_refused_and_the_old_one_goes_on(holder: EngineHolder) -> None:
    with pytest.raises(FundstelleError, match="20990101T000000000000-0123456789abcdef"):
        holder.replace("20990101T000000000000-0123456789abcdef")
    with holder.lease() as engine:
        assert found_text(engine) == OLD


def test_a_generation_of_another_model_is_refused_and_let_go(
    holder: EngineHolder, index: Path, tmp_path: Path, names: list[str]
) -> None:
    (tmp_path / "dorf.txt").write_text(NEW, "utf-8")
    other = build([tmp_path / "dorf.txt"], index, FakeEmbedder("other")).generation
    with pytest.raises(ModelMismatchError, match="index built with model other"):
        holder.replace(other)
    assert holder.generation == names[0]
    assert opened_files(index / "generations" / other) == []


def test_an_engine_in_use_outlives_the_removal_of_its_files(
    holder: EngineHolder, index: Path, names: list[str]
) -> None:
    with holder.lease() as engine:
        shutil.rmtree(index / "generations" / names[0])
        assert found_text(engine) == OLD


def test_many_questions_during_many_exchanges_each_see_one_sound_generation(
    holder: EngineHolder, names: list[str]
) -> None:
    expected = dict(zip(names, (OLD, NEW), strict=True))
    handed_out: list[Engine] = []
    ending = threading.Event()

    def ask() -> None:
        while True:
            with holder.lease() as engine:
                handed_out.append(engine)
                assert found_text(engine) == expected[engine.generation.name]
                assert not closed(engine)
            if ending.is_set():
                return

    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(ask) for _ in range(6)]
        try:
            for turn in range(1, 16):
                holder.replace(names[turn % 2])
        finally:
            ending.set()
        for asked in asking:
            asked.result(LONG)
    with holder.lease() as last:
        assert [closed(engine) for engine in handed_out] == [engine is not last for engine in handed_out]
        assert holder.generation == names[1] and found_text(last) == NEW


def test_a_replaced_generation_is_let_go_without_the_collector(
    holder: EngineHolder, index: Path, names: list[str]
) -> None:
    with holder.lease() as engine:
        found_text(engine)
    del engine
    gc.collect()
    gc.disable()
    try:
        holder.replace(names[1])
        assert opened_files(index / "generations" / names[0]) == []
    finally:
        gc.enable()
