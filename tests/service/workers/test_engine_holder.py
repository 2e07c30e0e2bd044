"""The engine in force, and its exchange for one over another generation."""

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
from indexer.index.folder import generation_names
from indexer.index.generation import open_generation
from service.api import serializers
from service.engine import Engine
from service.workers.engine_holder import EngineHolder

#: Seconds after which something has failed that takes milliseconds.
LONG = 30.0
#: What the two generations say of the same thing.
OLD, NEW = "Im Dorf gibt es eine Schule.", "Im Dorf gibt es zwei Schulen."


@pytest.fixture(scope="module")
def _two_generations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
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
def live(index: Path, names: list[str], embedder: FakeEmbedder) -> Iterator[EngineHolder]:
    """Serves the old generation at first."""
    engine = EngineHolder(index, embedder, Engine.compose(open_generation(index, names[0]), embedder))
    yield engine
    engine.close()


def told(engine: Engine) -> str:
    """What an engine says of the village."""
    [hit] = serializers.search_reply(*engine.search("Wie viele Schulen hat das Dorf?"), engine).hits
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


def test_it_names_and_hands_out_the_engine_in_force(live: EngineHolder, names: list[str]) -> None:
    assert live.generation == names[0]
    with live.lease() as engine:
        assert told(engine) == OLD


def test_after_an_exchange_the_new_generation_answers(live: EngineHolder, names: list[str]) -> None:
    live.replace(names[1])
    assert live.generation == names[1]
    with live.lease() as engine:
        assert told(engine) == NEW


def test_an_engine_that_nobody_uses_is_closed_when_it_is_replaced(
    live: EngineHolder, names: list[str]
) -> None:
    with live.lease() as old:
        pass
    live.replace(names[1])
    assert closed(old)


def test_of_a_replaced_generation_no_file_stays_open(
    live: EngineHolder, index: Path, names: list[str]
) -> None:
    with live.lease() as engine:
        told(engine)
    del engine
    assert opened_files(index / "generations" / names[0]) != []
    live.replace(names[1])
    gc.collect()
    assert opened_files(index / "generations" / names[0]) == []


def test_a_leased_engine_stays_usable_after_the_exchange_and_is_closed_when_the_last_lets_go(
    live: EngineHolder, names: list[str]
) -> None:
    with live.lease() as first:
        with live.lease() as second:
            live.replace(names[1])
            assert told(first) == OLD
        assert second is first and told(first) == OLD
    assert closed(first)


def test_an_engine_leased_by_a_question_that_fails_is_let_go(live: EngineHolder, names: list[str]) -> None:
    with pytest.raises(KeyError), live.lease() as old:
        live.replace(names[1])
        raise KeyError("not the engine's fault")
    assert closed(old)


def test_the_same_name_changes_nothing(live: EngineHolder, names: list[str]) -> None:
    with live.lease() as before:
        pass
    live.replace(names[0])
    with live.lease() as after:
        assert after is before and told(after) == OLD


def test_one_may_go_back_to_the_former_generation(live: EngineHolder, names: list[str]) -> None:
    for name in (names[1], names[0]):
        live.replace(name)
    with live.lease() as engine:
        assert told(engine) == OLD


@pytest.mark.parametrize("file", ["documents.sqlite", "passages.faiss", "manifest.json"])
def test_a_damaged_generation_is_refused_and_the_old_one_goes_on(
    live: EngineHolder, index: Path, names: list[str], file: str
) -> None:
    path = index / "generations" / names[1] / file
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IndexDamagedError, match=file):
        live.replace(names[1])
    assert live.generation == names[0]
    with live.lease() as engine:
        assert told(engine) == OLD
    assert opened_files(path.parent) == []


def test_a_generation_that_is_not_there_is_refused_and_the_old_one_goes_on(live: EngineHolder) -> None:
    with pytest.raises(FundstelleError, match="20990101T000000000000-0123456789abcdef"):
        live.replace("20990101T000000000000-0123456789abcdef")
    with live.lease() as engine:
        assert told(engine) == OLD


def test_a_generation_of_another_model_is_refused_and_let_go(
    live: EngineHolder, index: Path, tmp_path: Path, names: list[str]
) -> None:
    (tmp_path / "dorf.txt").write_text(NEW, "utf-8")
    other = build([tmp_path / "dorf.txt"], index, FakeEmbedder("other")).generation
    with pytest.raises(ModelMismatchError, match="index built with model other"):
        live.replace(other)
    assert live.generation == names[0]
    assert opened_files(index / "generations" / other) == []


def test_what_is_in_use_outlives_the_removal_of_its_files(
    live: EngineHolder, index: Path, names: list[str]
) -> None:
    with live.lease() as engine:
        shutil.rmtree(index / "generations" / names[0])
        assert told(engine) == OLD


def test_many_questions_during_many_exchanges_each_see_one_sound_generation(
    live: EngineHolder, names: list[str]
) -> None:
    expected = dict(zip(names, (OLD, NEW), strict=True))
    handed_out: list[Engine] = []
    ending = threading.Event()

    def ask() -> None:
        while True:
            with live.lease() as engine:
                handed_out.append(engine)
                assert told(engine) == expected[engine.generation.name]
                assert not closed(engine)
            if ending.is_set():
                return

    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(ask) for _ in range(6)]
        try:
            for turn in range(1, 16):
                live.replace(names[turn % 2])
        finally:
            ending.set()
        for asked in asking:
            asked.result(LONG)
    with live.lease() as last:
        assert [closed(engine) for engine in handed_out] == [engine is not last for engine in handed_out]
        assert live.generation == names[1] and told(last) == NEW


def test_a_replaced_generation_is_let_go_without_the_collector(
    live: EngineHolder, index: Path, names: list[str]
) -> None:
    with live.lease() as engine:
        told(engine)
    del engine
    gc.collect()
    gc.disable()
    try:
        live.replace(names[1])
        assert opened_files(index / "generations" / names[0]) == []
    finally:
        gc.enable()
