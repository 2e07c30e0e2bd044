"""Reranking: order of the hits, and the sentence of an answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from asking import EAGER, quotes
from fakes import FakeCrossEncoder, FakeEmbedder

from indexer.build.pipeline import build
from indexer.index.generation import open_generation
from service.engine import Engine, EngineSettings
from service.reranking.rerank_settings import RerankSettings

DOCUMENTS = {
    f"{number}.md": f"Die Sitzung Nummer {number} begann. Der Vorsitz lag bei {name}. Dann sprach man lange."
    for number, name in enumerate(["Anna", "Bert", "Carla", "Dora", "Emil", "Fritz"], start=1)
}
QUESTION = "Wie begann die Sitzung?"


@contextmanager
def reranked_by(
    folder: Path, cross_encoder: FakeCrossEncoder | None, rerank: RerankSettings
) -> Iterator[Engine]:
    (folder / "source").mkdir()
    for name, text in DOCUMENTS.items():
        (folder / "source" / name).write_text(text, "utf-8")
    embedder = FakeEmbedder()
    build([folder / "source"], folder / "index", embedder)
    generation = open_generation(folder / "index")
    try:
        settings = EngineSettings(rerank=rerank, confidence=EAGER)
        yield Engine.compose(generation, embedder, cross_encoder, settings)
    finally:
        generation.close()


def names(engine: Engine, limit: int = 10) -> list[str]:
    _, hits = engine.search(QUESTION, limit)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    spans, store = engine.generation.passages, engine.generation.store
    return [store.document(int(spans.document[hit.passage])).document_id for hit in hits]


def speaks_of(name: str) -> Callable[[str, str], float]:
    return lambda _, text: 5.0 if name in text else -5.0


def test_what_answers_by_the_cross_encoder_comes_first(tmp_path: Path) -> None:
    with reranked_by(
        tmp_path, FakeCrossEncoder(speaks_of("Dora")), RerankSettings(passages=6, first=6, hit_weight=1.0)
    ) as engine:
        assert names(engine)[0] == "4.md"


def test_only_the_first_hits_are_scored_and_the_others_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with reranked_by(tmp_path / "a", None, RerankSettings()) as engine:
        plain = names(engine)
    cross_encoder = FakeCrossEncoder(lambda _, text: -5.0)
    (tmp_path / "b").mkdir()
    with reranked_by(
        tmp_path / "b", cross_encoder, RerankSettings(passages=3, first=3, hit_weight=1.0)
    ) as engine:
        assert names(engine)[3:] == plain[3:]
    assert len(cross_encoder.asked) == 3


def test_as_many_are_scored_where_fewer_are_wanted(tmp_path: Path) -> None:
    with reranked_by(
        tmp_path, FakeCrossEncoder(speaks_of("Dora")), RerankSettings(passages=6, first=6, hit_weight=1.0)
    ) as engine:
        assert names(engine, limit=1) == ["4.md"]


@pytest.mark.parametrize(("clear_lead", "scored"), [(0.5, 2), (100.0, 6)])
def test_with_a_clear_lead_the_others_are_not_scored(tmp_path: Path, clear_lead: float, scored: int) -> None:
    scores = iter([6.0, -6.0, 0.0, 0.0, 0.0, 0.0])
    texts: list[str] = []

    def score(_: str, text: str) -> float:
        texts.append(text)
        return next(scores)

    cross_encoder = FakeCrossEncoder(score, spans=False)
    with reranked_by(
        tmp_path, cross_encoder, RerankSettings(passages=6, first=2, hit_weight=1.0, clear_lead=clear_lead)
    ) as engine:
        names(engine)
    assert len(texts) == scored


def test_of_a_long_passage_the_sentences_around_the_best_are_read(tmp_path: Path) -> None:
    cross_encoder = FakeCrossEncoder(lambda _, text: 0.0)
    with reranked_by(tmp_path, cross_encoder, RerankSettings(passages=1, first=1, characters=60)) as engine:
        _, hits = engine.search("Bei wem lag der Vorsitz?")
        best = engine.reader.text(hits[0].best_sentence)
    ((_, text),) = cross_encoder.asked
    assert best in text and len(text) <= 60 and text in DOCUMENTS.values().__str__()


def test_the_sentence_with_the_answer_span_is_cited(tmp_path: Path) -> None:
    plan = RerankSettings(passages=6, first=6, hit_weight=1.0, passage_weight=1.0, span_weight=1.0)
    with reranked_by(tmp_path, FakeCrossEncoder(speaks_of("Vorsitz lag bei Emil")), plan) as engine:
        answer = engine.ask(QUESTION, max_citations=1)
    assert quotes(answer) == ["Der Vorsitz lag bei Emil."]


def test_a_cross_encoder_without_spans_chooses_the_passage_alone(tmp_path: Path) -> None:
    plan = RerankSettings(passages=6, first=6, hit_weight=1.0, passage_weight=1.0, span_weight=1.0)
    with reranked_by(tmp_path, FakeCrossEncoder(speaks_of("Emil"), spans=False), plan) as engine:
        answer = engine.ask(QUESTION, max_citations=1)
    assert [citation.document.document_id for citation in answer.citations] == ["5.md"]


def rescoring(**values: float) -> RerankSettings:
    return RerankSettings(
        passages=1,
        first=1,
        hit_weight=0.0,
        passage_weight=0.0,
        span_weight=0.0,
        window_weight=1.0,
        window_span_weight=0.0,
        **values,
    )  # type: ignore[arg-type]


def test_sentences_that_lie_close_are_rescored_with_the_one_before(tmp_path: Path) -> None:
    cross_encoder = FakeCrossEncoder(
        lambda _, text: 5.0 if text.startswith("Der Vorsitz lag bei Emil.") else -5.0
    )
    with reranked_by(tmp_path, cross_encoder, rescoring(sentences=50, sentence_margin=10.0)) as engine:
        answer = engine.ask(QUESTION, max_citations=1)
    assert [(c.document.document_id, c.quote) for c in answer.citations] == [
        ("5.md", "Dann sprach man lange.")
    ]
    windows = [text for _, text in cross_encoder.asked[1:]]
    assert "Die Sitzung Nummer 5 begann." in windows  # nothing stands before it
    assert "Die Sitzung Nummer 5 begann. Der Vorsitz lag bei Emil." in windows


def test_of_two_that_answer_together_the_one_with_the_span_is_cited(tmp_path: Path) -> None:
    plan = RerankSettings(
        passages=1,
        first=1,
        hit_weight=0.0,
        passage_weight=0.0,
        span_weight=0.0,
        window_weight=1.0,
        window_span_weight=1.0,
        sentences=50,
        sentence_margin=10.0,
    )
    cross_encoder = FakeCrossEncoder(speaks_of("Vorsitz lag bei Emil"))
    with reranked_by(tmp_path, cross_encoder, plan) as engine:
        answer = engine.ask("Was sprach man lange?", max_citations=1)
    # "Dann sprach man lange." with the one before it answers as surely, and is more alike.
    assert quotes(answer) == ["Der Vorsitz lag bei Emil."]


def test_a_sentence_far_ahead_is_not_rescored(tmp_path: Path) -> None:
    cross_encoder = FakeCrossEncoder(lambda _, text: 0.0)
    with reranked_by(tmp_path, cross_encoder, rescoring(sentences=50, sentence_margin=0.0)) as engine:
        engine.ask("Wie begann die Sitzung Nummer 5?", max_citations=1)
    assert len(cross_encoder.asked) == 1


def test_sentences_that_are_not_rescored_stay_behind(tmp_path: Path) -> None:
    quoted = []
    for closer in (0, 2):
        folder = tmp_path / str(closer)
        folder.mkdir()
        plan = rescoring(sentences=closer, sentence_margin=10.0)
        with reranked_by(folder, FakeCrossEncoder(lambda _, text: -6.0), plan) as engine:
            quoted.append(quotes(engine.ask(QUESTION, max_citations=1)))
    # Both of those read again lose as much, and all the others with them.
    assert quoted[0] == quoted[1]


def test_within_its_province_a_report_is_asked_the_question_without_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    text = "---\nplace: Nghe An\n---\nDie Sitzung begann früh. Den Vorsitz hatte Frau Lan."
    (source / "a.md").write_text(text, "utf-8")
    build([source], tmp_path / "index", FakeEmbedder())
    cross_encoder = FakeCrossEncoder(lambda _, text: 0.0)
    generation = open_generation(tmp_path / "index")
    try:
        engine = Engine.compose(generation, FakeEmbedder(), cross_encoder)
        engine.search("Wer hatte in Nghe An den Vorsitz?", 5)
    finally:
        generation.close()
    assert [question for question, _ in cross_encoder.asked] == ["Wer hatte den Vorsitz?"]
