"""Ranking and filters, over small documents and a fake model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from indexer.build import build
from indexer.errors import ModelMismatchError
from indexer.index import open_generation
from service.catalogue import Filters
from service.query import understand
from service.retrieval import OTHER_LANGUAGE, SAME_LANGUAGE, Hit, Retriever

DOCUMENTS = {
    "ha-giang.md": "---\nplace: Hà Giang\ndate: 2025-03-17\n---\n"
    "Die Umsetzung der Resolution 57 geht voran.\n\n"
    "In Dong Van fehlen noch Lehrer für den Unterricht.",
    "ca-mau.md": "---\nplace: Cà Mau\ndate: 2025-05-02\n---\n"
    "Die Resolution 57 zeigt Wirkung in den Gemeinden.\n\n"
    "Das Internet bleibt langsam.",
    "hanoi.md": "---\nplace: Hà Nội\n---\nDie Resolution 157 betrifft die Müllabfuhr der Stadt.",
}


@pytest.fixture
def retriever(tmp_path: Path) -> Iterator[Retriever]:
    source = tmp_path / "source"
    source.mkdir()
    for name, text in DOCUMENTS.items():
        (source / name).write_text(text, "utf-8")
    embedder = FakeEmbedder()
    build([source], tmp_path / "index", embedder)
    generation = open_generation(tmp_path / "index")
    yield Retriever(generation, embedder)
    generation.close()


def search(retriever: Retriever, text: str, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
    return retriever.search(retriever.evidence(understand(text)), limit, filters)


def documents(retriever: Retriever, hits: list[Hit]) -> list[str]:
    spans, store = retriever.generation.passages, retriever.generation.store
    return [store.document(int(spans.document[hit.passage])).document_id for hit in hits]


def test_the_passage_that_shares_the_words_comes_first(retriever: Retriever) -> None:
    hits = search(retriever, "Wo fehlen Lehrer für den Unterricht?")
    assert "Lehrer" in retriever.text(hits[0].best_sentence)


def test_hits_are_ordered_by_score(retriever: Retriever) -> None:
    scores = [hit.score for hit in search(retriever, "Wie langsam ist das Internet?")]
    assert scores == sorted(scores, reverse=True)


def test_a_reference_in_the_question_lifts_exactly_its_passages(retriever: Retriever) -> None:
    fit = retriever.catalogue.reference_fit
    spans = retriever.generation.passages
    numbers = spans.first * 0 + range(len(spans))
    assert fit(("NQ-57",), numbers, spans.document).tolist() == [1.0, 0.5, 1.0, 0.5, 0.0]


def test_a_near_miss_lifts_nothing(retriever: Retriever) -> None:
    spans = retriever.generation.passages
    numbers = spans.first * 0 + range(len(spans))
    assert not retriever.catalogue.reference_fit(("NQ-5",), numbers, spans.document).any()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(references=("NQ-57",)), {"ca-mau.md", "ha-giang.md"}),
        (Filters(references=("NQ-1",)), set()),
        (Filters(places=("ha giang",)), {"ha-giang.md"}),
        (Filters(places=("Hà Giang", "Ca Mau")), {"ha-giang.md", "ca-mau.md"}),
        (Filters(documents=("hanoi.md", "nowhere.md")), {"hanoi.md"}),
        (Filters(published_from="2025-04-01"), {"ca-mau.md"}),
        (Filters(published_to="2025-03-17"), {"ha-giang.md"}),
        (Filters(references=("NQ-57",), places=("Cà Mau",)), {"ca-mau.md"}),
    ],
)
def test_filters_restrict_the_search_itself(
    retriever: Retriever, filters: Filters, expected: set[str]
) -> None:
    assert set(documents(retriever, search(retriever, "Müllabfuhr Resolution", 10, filters))) == expected


def test_a_filtered_search_still_fills_its_limit(retriever: Retriever) -> None:
    assert len(search(retriever, "Müllabfuhr der Stadt", 2, Filters(places=("Hà Giang",)))) == 2


def test_no_language_has_a_head_start_in_a_mixed_corpus() -> None:
    same, other = (w.passage + w.sentence for w in (SAME_LANGUAGE, OTHER_LANGUAGE))
    assert same == pytest.approx(other)


def test_the_same_question_gives_the_same_hits_twice(retriever: Retriever) -> None:
    assert search(retriever, "Resolution 57 Wirkung") == search(retriever, "Resolution 57 Wirkung")


def test_an_index_of_another_model_is_refused_with_both_names(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ein Satz.", "utf-8")
    build([tmp_path / "a.txt"], tmp_path / "index", FakeEmbedder("one"))
    generation = open_generation(tmp_path / "index")
    with pytest.raises(ModelMismatchError, match=r"built with model one .*, loaded is other "):
        Retriever(generation, FakeEmbedder("other"))
    generation.close()
