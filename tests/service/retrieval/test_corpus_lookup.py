"""Look-up tables and sentences of a generation whose passages overlap."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.build.pipeline import build
from indexer.index.generation import open_generation
from indexer.index.verification import verify
from indexer.preprocessing.chunking import Chunking
from service.answering.answerer import Tolerances
from service.engine import Engine, EngineSettings
from service.retrieval.filters import Filters

#: Four sentences of 40 to 50 characters; each passage holds two, the inner ones twice.
RICE = (
    "Die Reisernte im Norden war sehr gut. Die Resolution 57 lobt den Reis im Norden. "
    "Die neue Schule wurde bereits eröffnet. Sie hat insgesamt zwölf große Klassen."
)
BRIDGE = "Die Brücke über den Roten Fluss ist endlich fertig."


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a-rice.txt").write_text(RICE, "utf-8")
    (source / "b-bridge.txt").write_text(BRIDGE, "utf-8")
    embedder = FakeEmbedder()
    build([source], tmp_path / "index", embedder, chunking=Chunking(100, 50))
    engine = Engine.compose(open_generation(tmp_path / "index"), embedder)
    yield engine
    engine.close()


def test_an_index_with_an_overlap_has_no_faults(engine: Engine, tmp_path: Path) -> None:
    passages = engine.generation.passages
    assert list(zip(passages.first.tolist(), passages.last.tolist(), strict=True)) == [
        (0, 1),
        (1, 2),
        (2, 3),
        (4, 4),
    ]
    assert list(verify(tmp_path / "index")) == []


def test_a_sentence_belongs_to_the_first_passage_that_holds_it(engine: Engine) -> None:
    assert engine.lookup.passage_of.tolist() == [0, 0, 1, 2, 3]


def test_sentences_of_passages_are_each_there_once(engine: Engine) -> None:
    sentences_of = engine.lookup.sentences_of
    assert sentences_of(np.arange(4)).tolist() == [0, 1, 2, 3, 4]
    assert sentences_of(np.array([2, 1])).tolist() == [3, 2]


def test_every_passage_that_names_a_reference_is_known(engine: Engine) -> None:
    assert engine.lookup.passages_by_key["NQ-57"].tolist() == [0, 1]


@pytest.mark.parametrize("filters", [None, Filters(documents=("a-rice.txt",))])
def test_every_passage_that_holds_the_best_sentence_is_found(engine: Engine, filters: Filters | None) -> None:
    _, hits = engine.search("Wann wurde die neue Schule eröffnet?", 10, filters)
    assert {hit.passage for hit in hits if hit.best_sentence == 2} == {1, 2}


def test_an_answer_says_a_sentence_of_two_passages_once(engine: Engine) -> None:
    # Fewer hits than passages: a sentence's first passage may then not be among them.
    settings = EngineSettings(tolerances=Tolerances(hits_considered=1))
    engine = Engine.compose(engine.generation, FakeEmbedder(), settings=settings)
    for question in ("Was lobt die Resolution 57?", "Wann wurde die neue Schule bereits eröffnet?"):
        quotes = [citation.quote for citation in engine.ask(question).citations]
        assert len(quotes) == len(set(quotes))


def test_a_passage_is_about_a_reference_that_it_names_or_that_an_earlier_mention_carries_into_it(
    engine: Engine,
) -> None:
    lookup = engine.lookup
    passages = np.arange(4)
    first, second, third, other = lookup.reference_match(
        ("NQ-57",), passages, lookup.passage_document
    ).tolist()
    assert (first, second, other) == (1.0, 1.0, 0.0)
    assert 0.5 < third < 1.0
    assert lookup.reference_match(("NQ-99",), passages, lookup.passage_document).tolist() == [0.0] * 4


def test_passages_are_fitted_in_any_order(engine: Engine) -> None:
    lookup = engine.lookup
    passages = np.array([3, 1])
    assert lookup.reference_match(("NQ-57",), passages, lookup.passage_document[passages]).tolist() == [
        0.0,
        1.0,
    ]
    nothing = np.zeros(0, np.int64)
    assert lookup.reference_match(("NQ-57",), nothing, nothing).tolist() == []


def test_a_window_is_a_sentence_with_the_one_before_it_in_its_document(engine: Engine) -> None:
    reader = engine.reader
    texts = [f"{reader.text(0)} {reader.text(1)}", reader.text(0), reader.text(4)]
    for _ in range(2):
        assert np.allclose(reader.embed_windows([1, 0, 4]), FakeEmbedder().embed_passages(texts))


def test_stems_of_a_sentence_include_the_references_it_names(engine: Engine) -> None:
    stems = engine.reader.stems(1)
    assert any("57" in stem for stem in stems)
    assert stems & engine.reader.stems(0)
    assert not stems & engine.reader.stems(4)
