"""The main job with the real model: the example corpus, and the original reports where they are present."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.build.pipeline import build
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.index.generation import open_generation
from service.answering.answer import Answer
from service.engine import Engine
from service.reranking.cross_encoder import CrossEncoder
from service.reranking.loading import load_cross_encoder

SHORTCOMINGS = [
    "what shortcomings were found on Resolution 57",
    "Welche Mängel wurden bei der Resolution 57 festgestellt?",
    "Những hạn chế nào được nêu ra khi thực hiện Nghị quyết 57?",
]


@pytest.fixture(scope="module", params=["own", "off"])
def reader(request: pytest.FixtureRequest, real_embedder: SentenceTransformerEmbedder) -> CrossEncoder | None:
    return load_cross_encoder(request.param, real_embedder)


@pytest.fixture(scope="module")
def engine(
    corpus: Path,
    real_embedder: SentenceTransformerEmbedder,
    reader: CrossEncoder | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engine]:
    yield from opened(corpus, real_embedder, reader, tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def on_reports(
    reports: Path,
    real_embedder: SentenceTransformerEmbedder,
    reader: CrossEncoder | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engine]:
    yield from opened(reports, real_embedder, reader, tmp_path_factory.mktemp("reports"))


def opened(
    source: Path, embedder: SentenceTransformerEmbedder, reader: CrossEncoder | None, index: Path
) -> Iterator[Engine]:
    build([source], index, embedder)
    engine = Engine.compose(open_generation(index), embedder, reader)
    yield engine
    engine.close()


def documents(answer: Answer) -> set[str]:
    return {citation.document.document_id for citation in answer.citations}


@pytest.mark.parametrize("question", SHORTCOMINGS)
def test_shortcomings_of_resolution_57_are_cited_from_both_digests(engine: Engine, question: str) -> None:
    answer = engine.ask(question)
    assert answer.status == "answered"
    assert documents(answer) == {"ca-mau-politbuero-resolutionen.md", "ha-giang-arbeitsgruppe-1920.md"}


@pytest.mark.parametrize("question", [question.replace("57", "157") for question in SHORTCOMINGS])
def test_resolution_157_is_unknown_in_every_language(engine: Engine, question: str) -> None:
    answer = engine.ask(question)
    assert (answer.status, answer.citations, answer.suggestions) == ("unknown_reference", (), ("NQ-57",))


@pytest.mark.parametrize(
    "question", ["Who painted the Mona Lisa?", "Wer malte die Mona Lisa?", "Ai vẽ bức Mona Lisa?"]
)
def test_a_question_without_an_answer_in_the_reports_is_no_evidence(engine: Engine, question: str) -> None:
    assert engine.ask(question).status == "no_evidence"


@pytest.mark.parametrize("question", SHORTCOMINGS)
def test_shortcomings_of_resolution_57_are_cited_from_both_reports(on_reports: Engine, question: str) -> None:
    answer = on_reports.ask(question)
    cited = " ".join(citation.quote for citation in answer.citations)
    assert answer.status == "answered"
    assert "lokalen Gegebenheiten weiterhin schwierig" in cited
    assert "Internetzugang" in cited and "Smartphones" in cited
    assert "wurde nicht umfassend vorangetrieben" in cited


def test_every_quote_stands_in_its_file(on_reports: Engine, reports: Path) -> None:
    questions = (reports.parent / "questions-dev.jsonl").read_text("utf-8").splitlines()
    count = 0
    for question in [*SHORTCOMINGS, *(json.loads(line)["question"] for line in questions)]:
        for citation in on_reports.ask(question).citations:
            file = (reports / citation.document.document_id).read_text("utf-8")
            assert " ".join(citation.quote.split()) in " ".join(file.split())
            count += 1
    assert count > len(questions) // 2


def test_a_handful_of_sentences_does_not_make_the_nearest_one_an_answer(
    real_embedder: SentenceTransformerEmbedder, reader: CrossEncoder | None, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("Der Leiter heißt Otto Quelle. Die Konferenz tagte im Mai.", "utf-8")
    (tmp_path / "b.txt").write_text("Im Dorf wurden 12 Brunnen gebaut. Die Schule braucht ein Dach.", "utf-8")
    for small in opened(tmp_path, real_embedder, reader, tmp_path / "index"):
        assert small.ask("Wie heißt der Leiter?").status == "answered"
        assert small.ask("Kontakt Impressum").status == "no_evidence"
