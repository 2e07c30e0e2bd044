"""Ranking and filters, over small documents and a fake model."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.build.pipeline import build
from indexer.errors import ModelMismatchError
from indexer.index.generation import open_generation
from service.engine import Engine, EngineSettings
from service.query.understanding import understand
from service.retrieval.filters import Filters
from service.retrieval.fusion_weights import FusionWeightsByLanguage
from service.retrieval.hits import Hit
from service.retrieval.retriever import RetrievalSettings

DOCUMENTS = {
    "ha-giang.md": "---\nplace: Hà Giang\ndate: 2025-03-17\n---\n"
    "Die Umsetzung der Resolution 57 geht voran.\n\n"
    "In Dong Van fehlen noch Lehrer für den Unterricht.",
    "ca-mau.md": "---\nplace: Cà Mau\ndate: 2025-05-02\n---\n"
    "Die Resolution 57 zeigt Wirkung in den Gemeinden.\n\n"
    "Das Internet bleibt langsam.",
    "hanoi.md": "---\nplace: Hà Nội\n---\nDie Resolution 157 betrifft die Müllabfuhr der Stadt.",
}


@contextmanager
def engine_over(
    documents: Mapping[str, str], folder: Path, embedder: FakeEmbedder, **settings: Any
) -> Iterator[Engine]:
    (folder / "source").mkdir()
    for name, text in documents.items():
        (folder / "source" / name).write_text(text, "utf-8")
    build([folder / "source"], folder / "index", FakeEmbedder())
    generation = open_generation(folder / "index")
    try:
        yield Engine.compose(generation, embedder, settings=EngineSettings(**settings))
    finally:
        generation.close()


@pytest.fixture
def engine(tmp_path: Path, embedder: FakeEmbedder) -> Iterator[Engine]:
    with engine_over(DOCUMENTS, tmp_path, embedder) as engine:
        yield engine


def search(engine: Engine, text: str, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
    return engine.search(text, limit, filters)[1]


def documents(engine: Engine, hits: list[Hit]) -> list[str]:
    spans, store = engine.generation.passages, engine.generation.store
    return [store.document(int(spans.document[hit.passage])).document_id for hit in hits]


def test_the_passage_that_shares_the_words_comes_first(engine: Engine) -> None:
    hits = search(engine, "Wo fehlen Lehrer für den Unterricht?")
    assert "Lehrer" in engine.reader.text(hits[0].best_sentence)


def test_hits_are_ordered_by_score(engine: Engine) -> None:
    scores = [hit.score for hit in search(engine, "Wie langsam ist das Internet?")]
    assert scores == sorted(scores, reverse=True)


def test_a_reference_in_the_question_lifts_exactly_its_passages(engine: Engine) -> None:
    fit = engine.lookup.reference_match
    spans = engine.generation.passages
    numbers = spans.first * 0 + range(len(spans))
    assert fit(("NQ-57",), numbers, spans.document).tolist() == [1.0, 0.5, 1.0, 0.5, 0.0]


def test_a_near_miss_lifts_nothing(engine: Engine) -> None:
    spans = engine.generation.passages
    numbers = spans.first * 0 + range(len(spans))
    assert not engine.lookup.reference_match(("NQ-5",), numbers, spans.document).any()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(references=("NQ-57",)), {"ca-mau.md", "ha-giang.md"}),
        (Filters(references=("NQ-1",)), set()),
        (Filters(places=("ha giang",)), {"ha-giang.md"}),
        (Filters(places=("Hà Giang", "Ca Mau")), {"ha-giang.md", "ca-mau.md"}),
        (Filters(places=("Tuyen Quang",)), {"ha-giang.md"}),
        (Filters(documents=("hanoi.md", "nowhere.md")), {"hanoi.md"}),
        (Filters(published_from="2025-04-01"), {"ca-mau.md"}),
        (Filters(published_to="2025-03-17"), {"ha-giang.md"}),
        (Filters(references=("NQ-57",), places=("Cà Mau",)), {"ca-mau.md"}),
    ],
)
def test_filters_restrict_the_search_itself(engine: Engine, filters: Filters, expected: set[str]) -> None:
    assert set(documents(engine, search(engine, "Müllabfuhr Resolution", 10, filters))) == expected


def test_a_filtered_search_still_fills_its_limit(engine: Engine) -> None:
    assert len(search(engine, "Müllabfuhr der Stadt", 2, Filters(places=("Hà Giang",)))) == 2


def test_no_language_has_a_head_start_in_a_mixed_corpus() -> None:
    same, other = FusionWeightsByLanguage.load().same, FusionWeightsByLanguage.load().other
    assert same.passage + same.sentence == pytest.approx(other.passage + other.sentence)


def test_the_same_question_gives_the_same_hits_twice(engine: Engine) -> None:
    assert search(engine, "Resolution 57 Wirkung") == search(engine, "Resolution 57 Wirkung")


MIXED = {
    "de.md": "Die Massenmobilisierung kommt in den Gemeinden voran.\n\nDas Wasser des Flusses steigt.",
    "vi.md": "Việc vận động quần chúng Massenmobilisierung tiến triển tốt ở các xã.",
}


@pytest.fixture
def mixed(tmp_path: Path, embedder: FakeEmbedder) -> Iterator[Engine]:
    with engine_over(MIXED, tmp_path, embedder) as engine:
        yield engine


def test_a_passage_is_scored_with_the_question_as_it_stands_in_the_passages_language(
    mixed: Engine, embedder: FakeEmbedder
) -> None:
    question = "Wie kommt die Massenmobilisierung voran?"
    generation, asked = mixed.generation, embedder.embed_questions([question])[0]
    moved = generation.alignment.aligned(asked, "de", "vi")
    german, _, vietnamese = generation.passage_vectors.rows(np.arange(3))
    hits = {hit.passage: hit for hit in search(mixed, question)}
    assert hits[0].passage_score == pytest.approx(float(asked @ german), abs=1e-5)
    assert hits[2].passage_score == pytest.approx(float(moved @ vietnamese), abs=1e-5)
    assert hits[2].sentence_score == pytest.approx(float(moved @ vietnamese), abs=1e-5)
    assert abs(float(moved @ vietnamese) - float(asked @ vietnamese)) > 0.01


def test_in_an_index_of_one_language_the_question_is_moved_to_it(engine: Engine) -> None:
    asked = understand("What slows down the internet in the communes?")
    assert asked.language == "en"
    assert list(engine.retriever.encode(asked).vectors) == ["de"]


def test_words_that_share_pieces_count_in_the_same_language_only(mixed: Engine) -> None:
    lexical = mixed.retriever.encode(understand("Wie läuft die Massenmobilisierungsarbeit?", "de")).lexical
    assert lexical[0] > 0
    assert lexical.tolist()[1:] == [0, 0]


def test_a_word_written_alike_counts_in_either_language(mixed: Engine) -> None:
    lexical = mixed.retriever.encode(understand("Wie läuft die Massenmobilisierung?", "de")).lexical
    assert lexical[0] > 0
    assert lexical[1] == 0
    assert lexical[2] > 0


MEETING = "In Nghe An begann im April 2024 die Ernte. Herr Lam leitete die Sitzung."
MEETINGS = {
    "fitting.md": f"---\nplace: Nghệ An\ndate: 2024-05-10\n---\n{MEETING}",
    "other-place.md": f"---\nplace: Cà Mau\ndate: 2024-05-10\n---\n{MEETING}",
    "too-late.md": f"---\nplace: Nghệ An\ndate: 2025-05-10\n---\n{MEETING}",
}
WHO = "Wer leitete in Nghe An im April 2024 die Sitzung?"


@pytest.fixture
def meetings(tmp_path: Path, embedder: FakeEmbedder) -> Iterator[Engine]:
    with engine_over(MEETINGS, tmp_path, embedder) as engine:
        yield engine


def test_where_the_context_fits_the_sentence_that_answers_the_rewritten_question_is_the_best(
    meetings: Engine,
) -> None:
    hits = search(meetings, WHO)
    best = {
        name: meetings.reader.text(h.best_sentence)
        for name, h in zip(documents(meetings, hits), hits, strict=True)
    }
    assert best == {
        "fitting.md": "Herr Lam leitete die Sitzung.",
        "other-place.md": "In Nghe An begann im April 2024 die Ernte.",
        "too-late.md": "In Nghe An begann im April 2024 die Ernte.",
    }


def test_the_nearest_text_that_fits_the_context_does_not_fall_behind_for_the_shorter_question(
    meetings: Engine,
) -> None:
    query, rows = meetings.retriever.encode(understand(WHO)), np.array([0])
    (whole,) = meetings.vectors.passages.similarities(query.vectors, rows)
    (rewritten,) = meetings.vectors.passages.similarities(query.rewritten_vectors, rows)
    (similarity,) = query.passage_similarities(meetings.vectors, rows, rows)
    assert rewritten < whole
    assert similarity == pytest.approx(whole)


def test_where_the_context_fits_similarity_is_mostly_that_of_the_rewritten_question(meetings: Engine) -> None:
    query = meetings.retriever.encode(understand(WHO))
    rows = meetings.lookup.sentences_of(np.array([0]))
    whole, rewritten = (
        meetings.vectors.sentences.similarities(vectors, rows)
        for vectors in (query.vectors, query.rewritten_vectors)
    )
    found = query.sentence_similarities(meetings.vectors, rows, np.zeros(len(rows), np.int64))
    assert np.diff(found) == pytest.approx(0.15 * np.diff(whole) + 0.85 * np.diff(rewritten), abs=1e-6)


def test_a_context_that_no_document_fits_changes_nothing(meetings: Engine, embedder: FakeEmbedder) -> None:
    query = meetings.retriever.encode(understand("Wer leitete in Ha Giang im April 2024 die Sitzung?"))
    assert query.context is None
    assert len(embedder.questions) == 1


#: Only stop words in common with the answer, which its words therefore do not propose.
WHAT = "Was ist in Nghe An im April 2024 das für ein Fest?"
NOISE = {
    f"{number}.md": f"---\nsource: https://a.example/{number}\n---\nIn Nghe An im April 2024."
    for number in range(8)
}
ANSWER = {"answer.md": "---\nplace: Nghệ An\ndate: 2024-05-10\n---\nDas ist was für ein Tanz."}


def test_passages_of_documents_that_fit_the_context_are_candidates(
    tmp_path: Path, embedder: FakeEmbedder
) -> None:
    settings = RetrievalSettings(candidates=1)
    with engine_over(NOISE | ANSWER, tmp_path, embedder, retrieval=settings) as engine:
        query = engine.retriever.encode(understand(WHAT))
        with_it = engine.retriever.search(query, 1)
        without_it = engine.retriever.search(replace(query, context=None), 1)
        assert documents(engine, with_it) == ["answer.md"]
        assert documents(engine, without_it) != ["answer.md"]


def test_filters_hold_for_documents_that_fit_the_context_too(meetings: Engine) -> None:
    hits = search(meetings, WHO, filters=Filters(places=("Cà Mau",)))
    assert documents(meetings, hits) == ["other-place.md"]


def test_a_question_without_a_context_is_embedded_alone(meetings: Engine, embedder: FakeEmbedder) -> None:
    query = meetings.retriever.encode(understand("Wer leitete die Sitzung?"))
    meetings.retriever.search(query, 10)
    assert (embedder.calls, embedder.questions) == (1, ["Wer leitete die Sitzung?"])
    assert query.context is None


def test_a_question_with_a_context_is_embedded_with_and_without_it_at_once(
    meetings: Engine, embedder: FakeEmbedder
) -> None:
    meetings.retriever.search(meetings.retriever.encode(understand(WHO)), 10)
    assert (embedder.calls, embedder.questions) == (1, [WHO, "Wer leitete die Sitzung?"])


def test_an_index_of_another_model_is_refused_with_both_names(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ein Satz.", "utf-8")
    build([tmp_path / "a.txt"], tmp_path / "index", FakeEmbedder("one"))
    generation = open_generation(tmp_path / "index")
    with pytest.raises(ModelMismatchError, match=r"built with model one .*, loaded is other "):
        Engine.compose(generation, FakeEmbedder("other"))
    generation.close()
