"""Reading the first hits: their order, the sentences of an answer, and which reader a service has."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tiny_cross_encoder
import torch
from asking import EAGER, quotes
from fakes import FakeEmbedder, FakeReader
from pydantic import ValidationError
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification
from typer.testing import CliRunner

from indexer.build.pipeline import build
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.errors import ModelError
from indexer.index.generation import open_generation
from service.answering.answerer import ExtractiveAnswerer
from service.cli.commands import app
from service.engine import Engine
from service.query.understanding import understand
from service.reranking.bundled import WEIGHTS, LocalReader
from service.reranking.loading import load_reader
from service.reranking.reranker import PassageReading, Plan
from service.reranking.sentence_transformer import CrossEncoderReader
from service.retrieval.retriever import Retriever
from service.scoring.confidence import COEFFICIENTS, WITH_READER, Confidence
from service.settings import Settings

DOCUMENTS = {
    f"{number}.md": f"Die Sitzung Nummer {number} begann. Der Vorsitz lag bei {name}. Dann sprach man lange."
    for number, name in enumerate(["Anna", "Bert", "Carla", "Dora", "Emil", "Fritz"], start=1)
}
QUESTION = "Wie begann die Sitzung?"


@contextmanager
def read_by(folder: Path, reader: FakeReader | None, plan: Plan) -> Iterator[Engine]:
    (folder / "source").mkdir()
    for name, text in DOCUMENTS.items():
        (folder / "source" / name).write_text(text, "utf-8")
    embedder = FakeEmbedder()
    build([folder / "source"], folder / "index", embedder)
    generation = open_generation(folder / "index")
    try:
        reading = PassageReading(reader, plan) if reader else None
        yield Engine(Retriever(generation, embedder, reading), ExtractiveAnswerer(EAGER))
    finally:
        generation.close()


def names(engine: Engine, limit: int = 10) -> list[str]:
    _, hits = engine.search(QUESTION, limit)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    spans, store = engine.generation.passages, engine.generation.store
    return [store.document(int(spans.document[hit.passage])).document_id for hit in hits]


def speaks_of(name: str) -> Callable[[str, str], float]:
    return lambda _, text: 5.0 if name in text else -5.0


def test_what_answers_by_the_reader_comes_first(tmp_path: Path) -> None:
    with read_by(tmp_path, FakeReader(speaks_of("Dora")), Plan(passages=6, first=6, hit=1.0)) as engine:
        assert names(engine)[0] == "4.md"


def test_only_the_first_hits_are_read_and_the_others_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with read_by(tmp_path / "a", None, Plan()) as engine:
        plain = names(engine)
    reader = FakeReader(lambda _, text: -5.0)
    (tmp_path / "b").mkdir()
    with read_by(tmp_path / "b", reader, Plan(passages=3, first=3, hit=1.0)) as engine:
        assert names(engine)[3:] == plain[3:]
    assert len(reader.asked) == 3


def test_as_many_are_read_where_fewer_are_wanted(tmp_path: Path) -> None:
    with read_by(tmp_path, FakeReader(speaks_of("Dora")), Plan(passages=6, first=6, hit=1.0)) as engine:
        assert names(engine, limit=1) == ["4.md"]


@pytest.mark.parametrize(("clear", "read"), [(0.5, 2), (100.0, 6)])
def test_where_the_first_is_clear_the_others_are_not_read(tmp_path: Path, clear: float, read: int) -> None:
    said = iter([6.0, -6.0, 0.0, 0.0, 0.0, 0.0])
    asked: list[str] = []

    def say(_: str, text: str) -> float:
        asked.append(text)
        return next(said)

    reader = FakeReader(say, places=False)
    with read_by(tmp_path, reader, Plan(passages=6, first=2, hit=1.0, clear=clear)) as engine:
        names(engine)
    assert len(asked) == read


def test_of_a_long_passage_the_sentences_around_the_best_are_read(tmp_path: Path) -> None:
    reader = FakeReader(lambda _, text: 0.0)
    with read_by(tmp_path, reader, Plan(passages=1, first=1, characters=60)) as engine:
        _, hits = engine.search("Bei wem lag der Vorsitz?")
        best = engine.retriever.text(hits[0].best_sentence)
    ((_, text),) = reader.asked
    assert best in text and len(text) <= 60 and text in DOCUMENTS.values().__str__()


def test_the_sentence_in_which_the_reader_finds_the_answer_is_cited(tmp_path: Path) -> None:
    plan = Plan(passages=6, first=6, hit=1.0, context=1.0, sentence=1.0)
    with read_by(tmp_path, FakeReader(speaks_of("Vorsitz lag bei Emil")), plan) as engine:
        answer = engine.ask(QUESTION, max_citations=1)
    assert quotes(answer) == ["Der Vorsitz lag bei Emil."]


def test_a_reader_that_knows_no_places_chooses_the_passage_alone(tmp_path: Path) -> None:
    plan = Plan(passages=6, first=6, hit=1.0, context=1.0, sentence=1.0)
    with read_by(tmp_path, FakeReader(speaks_of("Emil"), places=False), plan) as engine:
        answer = engine.ask(QUESTION, max_citations=1)
    assert [citation.document.document_id for citation in answer.citations] == ["5.md"]


def reading_closer(**values: float) -> Plan:
    return Plan(passages=1, first=1, hit=0.0, context=0.0, sentence=0.0, window=1.0, within=0.0, **values)  # type: ignore[arg-type]


def test_sentences_that_lie_close_are_read_again_with_the_one_before(tmp_path: Path) -> None:
    reader = FakeReader(lambda _, text: 5.0 if text.startswith("Der Vorsitz lag bei Emil.") else -5.0)
    with read_by(tmp_path, reader, reading_closer(closer=50, close=10.0)) as engine:
        answer = engine.ask(QUESTION, max_citations=1)
    assert [(c.document.document_id, c.quote) for c in answer.citations] == [
        ("5.md", "Dann sprach man lange.")
    ]
    windows = [text for _, text in reader.asked[1:]]
    assert "Die Sitzung Nummer 5 begann." in windows  # nothing stands before it
    assert "Die Sitzung Nummer 5 begann. Der Vorsitz lag bei Emil." in windows


def test_of_two_that_answer_together_the_one_with_the_place_is_cited(tmp_path: Path) -> None:
    plan = Plan(
        passages=1, first=1, hit=0.0, context=0.0, sentence=0.0, window=1.0, within=1.0, closer=50, close=10.0
    )
    reader = FakeReader(speaks_of("Vorsitz lag bei Emil"))
    with read_by(tmp_path, reader, plan) as engine:
        answer = engine.ask("Was sprach man lange?", max_citations=1)
    # "Dann sprach man lange." with the one before it answers as surely, and is more alike.
    assert quotes(answer) == ["Der Vorsitz lag bei Emil."]


def test_a_sentence_far_ahead_is_not_read_again(tmp_path: Path) -> None:
    reader = FakeReader(lambda _, text: 0.0)
    with read_by(tmp_path, reader, reading_closer(closer=50, close=0.0)) as engine:
        engine.ask("Wie begann die Sitzung Nummer 5?", max_citations=1)
    assert len(reader.asked) == 1


def test_what_was_not_read_again_stays_behind(tmp_path: Path) -> None:
    quoted = []
    for closer in (0, 2):
        folder = tmp_path / str(closer)
        folder.mkdir()
        plan = reading_closer(closer=closer, close=10.0)
        with read_by(folder, FakeReader(lambda _, text: -6.0), plan) as engine:
            quoted.append(quotes(engine.ask(QUESTION, max_citations=1)))
    # Both of those read again lose as much, and all the others with them.
    assert quoted[0] == quoted[1]


def test_within_its_province_a_report_is_read_for_the_question_without_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    text = "---\nplace: Nghe An\n---\nDie Sitzung begann früh. Den Vorsitz hatte Frau Lan."
    (source / "a.md").write_text(text, "utf-8")
    build([source], tmp_path / "index", FakeEmbedder())
    reader = FakeReader(lambda _, text: 0.0)
    generation = open_generation(tmp_path / "index")
    try:
        retriever = Retriever(generation, FakeEmbedder(), PassageReading(reader))
        retriever.search(retriever.evidence(understand("Wer hatte in Nghe An den Vorsitz?")), 5)
    finally:
        generation.close()
    assert [question for question, _ in reader.asked] == ["Wer hatte den Vorsitz?"]


def test_confidence_looks_at_what_was_read_only_with_the_reader_it_was_fitted_with() -> None:
    assert Confidence.of_reader(None) == Confidence.of_reader("another") == Confidence.load(COEFFICIENTS)


def test_the_committed_coefficients_are_those_of_the_committed_weights() -> None:
    digest = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    found = Confidence.of_reader(digest)
    assert found == Confidence.load(WITH_READER) != Confidence.load(COEFFICIENTS)


def test_off_is_no_reader() -> None:
    assert load_reader("off") is None


def test_a_reader_that_is_not_there_is_one_line(tmp_path: Path, built_index: Path) -> None:
    with pytest.raises(ModelError, match=r"no model folder at \./nowhere"):
        load_reader("./nowhere")
    result = CliRunner().invoke(app, ["ask", "Wer?", "--index", str(tmp_path), "--reader", "./nowhere"])
    assert result.exit_code == 1 and result.stderr.count("\n") == 1


def cross_encoder(folder: Path, outputs: int) -> Path:
    config = BertConfig(
        vocab_size=len(tiny_cross_encoder.WORDS) + 4,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=300,
        num_labels=outputs,
        initializer_range=1.0,
    )
    torch.manual_seed(2)
    BertForSequenceClassification(config).save_pretrained(folder)
    tiny_cross_encoder.tokenizer().save_pretrained(folder)
    return folder


def test_a_cross_encoder_of_sentence_transformers_reads_too(tmp_path: Path) -> None:
    reader = load_reader(str(cross_encoder(tmp_path / "odd", 1)))
    assert isinstance(reader, CrossEncoderReader) and reader.name == "odd" and len(reader.digest) == 64
    texts = ["tesla starb 1943 .", "der hund schläft ."]
    readings = reader.read(["wann starb tesla ?"] * 2, texts, [[(0, 5)], []])
    assert len({reading.relevance for reading in readings}) == 2
    assert [reading.gains for reading in readings] == [(), ()]
    assert reader.read([], [], []) == []


def test_a_cross_encoder_with_several_outputs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'odd': it has 3 outputs, a reader has one"):
        load_reader(str(cross_encoder(tmp_path / "odd", 3)))


def test_a_folder_that_holds_no_cross_encoder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^cannot load the reader '") as error:
        load_reader(str(tmp_path))
    assert "\n" not in str(error.value)


def test_our_own_reader_knows_what_answers_and_where(real_embedder: SentenceTransformerEmbedder) -> None:
    reader = LocalReader.load(base=real_embedder)
    sentences = [
        "Nikola Tesla kam aus Smiljan.",
        "Er starb am 7. Januar 1943.",
        "Nach ihm heißt eine Einheit.",
    ]
    text, begins = " ".join(sentences), [0, 30, 58]
    parts = [(begin, begin + len(s)) for begin, s in zip(begins, sentences, strict=True)]
    assert [text[start:end] for start, end in parts] == sentences
    for question in ("Wann starb Tesla?", "When did Tesla die?", "Tesla mất khi nào?"):
        right, wrong = reader.read(
            [question] * 2, [text, "Die Katze schläft auf dem Sofa."], [parts, [(0, 9)]]
        )
        assert right.relevance > wrong.relevance + 2
        assert right.gains.index(max(right.gains)) == 1


def test_embeddings_are_in_memory_once(real_embedder: SentenceTransformerEmbedder) -> None:
    reader = LocalReader.load(base=real_embedder)
    assert reader._network.embeddings is real_embedder.transformer.embeddings


def test_weights_over_another_model_are_refused(
    tmp_path: Path, real_embedder: SentenceTransformerEmbedder
) -> None:
    file = tmp_path / "weights.safetensors"
    save_file({"relevance.weight": torch.zeros(1)}, file, {"base": "f" * 64})
    with pytest.raises(ModelError, match=r"it was trained on the model ffff.*, the default model here is"):
        LocalReader.load(file, real_embedder)


def test_weights_that_are_no_readers_are_named(
    tmp_path: Path, real_embedder: SentenceTransformerEmbedder
) -> None:
    file = tmp_path / "weights.safetensors"
    save_file({"encoder.layer.0.odd": torch.zeros(2)}, file, {"base": real_embedder.digest})
    with pytest.raises(ModelError, match=r"no weights of a reader \("):
        LocalReader.load(file, real_embedder)


def test_the_setting_is_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().reader == "off"
    monkeypatch.delenv("FUNDSTELLE_READER")
    assert Settings().reader == "own"
    with pytest.raises(ValidationError):
        Settings(reader="")
