"""The bundled cross-encoder, any other one, and reranking with them."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tiny_cross_encoder
import torch
from asking import EAGER, quotes
from fakes import FakeCrossEncoder, FakeEmbedder
from pydantic import ValidationError
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification
from typer.testing import CliRunner

from indexer.build.pipeline import build
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.errors import ModelError
from indexer.index.generation import open_generation
from service.cli.commands import app
from service.engine import Engine, EngineSettings
from service.reranking.bundled import WEIGHTS, BundledCrossEncoder
from service.reranking.loading import load_cross_encoder
from service.reranking.reranker import RerankSettings
from service.reranking.sentence_transformer import SentenceTransformerCrossEncoder
from service.scoring.confidence import COEFFICIENTS, RERANKED_COEFFICIENTS, Confidence
from service.settings import Settings

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
    reader = FakeCrossEncoder(lambda _, text: -5.0)
    (tmp_path / "b").mkdir()
    with reranked_by(tmp_path / "b", reader, RerankSettings(passages=3, first=3, hit_weight=1.0)) as engine:
        assert names(engine)[3:] == plain[3:]
    assert len(reader.asked) == 3


def test_as_many_are_scored_where_fewer_are_wanted(tmp_path: Path) -> None:
    with reranked_by(
        tmp_path, FakeCrossEncoder(speaks_of("Dora")), RerankSettings(passages=6, first=6, hit_weight=1.0)
    ) as engine:
        assert names(engine, limit=1) == ["4.md"]


@pytest.mark.parametrize(("clear", "read"), [(0.5, 2), (100.0, 6)])
def test_with_a_clear_lead_the_others_are_not_scored(tmp_path: Path, clear: float, read: int) -> None:
    said = iter([6.0, -6.0, 0.0, 0.0, 0.0, 0.0])
    asked: list[str] = []

    def say(_: str, text: str) -> float:
        asked.append(text)
        return next(said)

    reader = FakeCrossEncoder(say, spans=False)
    with reranked_by(
        tmp_path, reader, RerankSettings(passages=6, first=2, hit_weight=1.0, clear_lead=clear)
    ) as engine:
        names(engine)
    assert len(asked) == read


def test_of_a_long_passage_the_sentences_around_the_best_are_read(tmp_path: Path) -> None:
    reader = FakeCrossEncoder(lambda _, text: 0.0)
    with reranked_by(tmp_path, reader, RerankSettings(passages=1, first=1, characters=60)) as engine:
        _, hits = engine.search("Bei wem lag der Vorsitz?")
        best = engine.reader.text(hits[0].best_sentence)
    ((_, text),) = reader.asked
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
    reader = FakeCrossEncoder(lambda _, text: 5.0 if text.startswith("Der Vorsitz lag bei Emil.") else -5.0)
    with reranked_by(tmp_path, reader, rescoring(sentences=50, sentence_margin=10.0)) as engine:
        answer = engine.ask(QUESTION, max_citations=1)
    assert [(c.document.document_id, c.quote) for c in answer.citations] == [
        ("5.md", "Dann sprach man lange.")
    ]
    windows = [text for _, text in reader.asked[1:]]
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
    reader = FakeCrossEncoder(speaks_of("Vorsitz lag bei Emil"))
    with reranked_by(tmp_path, reader, plan) as engine:
        answer = engine.ask("Was sprach man lange?", max_citations=1)
    # "Dann sprach man lange." with the one before it answers as surely, and is more alike.
    assert quotes(answer) == ["Der Vorsitz lag bei Emil."]


def test_a_sentence_far_ahead_is_not_rescored(tmp_path: Path) -> None:
    reader = FakeCrossEncoder(lambda _, text: 0.0)
    with reranked_by(tmp_path, reader, rescoring(sentences=50, sentence_margin=0.0)) as engine:
        engine.ask("Wie begann die Sitzung Nummer 5?", max_citations=1)
    assert len(reader.asked) == 1


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
    reader = FakeCrossEncoder(lambda _, text: 0.0)
    generation = open_generation(tmp_path / "index")
    try:
        engine = Engine.compose(generation, FakeEmbedder(), reader)
        engine.search("Wer hatte in Nghe An den Vorsitz?", 5)
    finally:
        generation.close()
    assert [question for question, _ in reader.asked] == ["Wer hatte den Vorsitz?"]


def test_confidence_uses_a_cross_encoder_only_if_it_was_fitted_with_it() -> None:
    assert (
        Confidence.for_cross_encoder(None)
        == Confidence.for_cross_encoder("another")
        == Confidence.load(COEFFICIENTS)
    )


def test_the_committed_coefficients_are_those_of_the_committed_weights() -> None:
    digest = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    found = Confidence.for_cross_encoder(digest)
    assert found == Confidence.load(RERANKED_COEFFICIENTS) != Confidence.load(COEFFICIENTS)


def test_off_is_no_cross_encoder() -> None:
    assert load_cross_encoder("off") is None


def test_a_missing_cross_encoder_is_one_line(tmp_path: Path, built_index: Path) -> None:
    with pytest.raises(ModelError, match=r"no model folder at \./nowhere"):
        load_cross_encoder("./nowhere")
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


def test_a_cross_encoder_of_sentence_transformers_can_be_used(tmp_path: Path) -> None:
    reader = load_cross_encoder(str(cross_encoder(tmp_path / "odd", 1)))
    assert (
        isinstance(reader, SentenceTransformerCrossEncoder)
        and reader.name == "odd"
        and len(reader.digest) == 64
    )
    texts = ["tesla starb 1943 .", "der hund schläft ."]
    scores = reader.score(["wann starb tesla ?"] * 2, texts, [[(0, 5)], []])
    assert len({score.relevance for score in scores}) == 2
    assert [score.span_scores for score in scores] == [(), ()]
    assert reader.score([], [], []) == []


def test_a_cross_encoder_with_several_outputs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'odd': it has 3 outputs, one is needed"):
        load_cross_encoder(str(cross_encoder(tmp_path / "odd", 3)))


def test_a_folder_that_holds_no_cross_encoder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^cannot load the cross-encoder '") as error:
        load_cross_encoder(str(tmp_path))
    assert "\n" not in str(error.value)


def test_the_bundled_cross_encoder_finds_what_answers_and_where(
    real_embedder: SentenceTransformerEmbedder,
) -> None:
    reader = BundledCrossEncoder.load(base=real_embedder)
    sentences = [
        "Nikola Tesla kam aus Smiljan.",
        "Er starb am 7. Januar 1943.",
        "Nach ihm heißt eine Einheit.",
    ]
    text, begins = " ".join(sentences), [0, 30, 58]
    spans = [(begin, begin + len(s)) for begin, s in zip(begins, sentences, strict=True)]
    assert [text[start:end] for start, end in spans] == sentences
    for question in ("Wann starb Tesla?", "When did Tesla die?", "Tesla mất khi nào?"):
        right, wrong = reader.score(
            [question] * 2, [text, "Die Katze schläft auf dem Sofa."], [spans, [(0, 9)]]
        )
        assert right.relevance > wrong.relevance + 2
        assert right.span_scores.index(max(right.span_scores)) == 1


def test_embeddings_are_in_memory_once(real_embedder: SentenceTransformerEmbedder) -> None:
    reader = BundledCrossEncoder.load(base=real_embedder)
    assert reader.network.embeddings is real_embedder.transformer.embeddings


def test_weights_over_another_model_are_refused(
    tmp_path: Path, real_embedder: SentenceTransformerEmbedder
) -> None:
    file = tmp_path / "weights.safetensors"
    save_file({"relevance.weight": torch.zeros(1)}, file, {"base": "f" * 64})
    with pytest.raises(ModelError, match=r"it was trained on the model ffff.*, the default model here is"):
        BundledCrossEncoder.load(file, real_embedder)


def test_weights_of_another_network_are_refused(
    tmp_path: Path, real_embedder: SentenceTransformerEmbedder
) -> None:
    file = tmp_path / "weights.safetensors"
    save_file({"encoder.layer.0.odd": torch.zeros(2)}, file, {"base": real_embedder.digest})
    with pytest.raises(ModelError, match=r"these are not its weights \("):
        BundledCrossEncoder.load(file, real_embedder)


def test_the_setting_is_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().reader == "off"
    monkeypatch.delenv("FUNDSTELLE_READER")
    assert Settings().reader == "own"
    with pytest.raises(ValidationError):
        Settings(reader="")
