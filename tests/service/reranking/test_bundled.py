"""The bundled cross-encoder, and any other one."""

from pathlib import Path

import pytest
import tiny_cross_encoder
import torch
from pydantic import ValidationError
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification
from typer.testing import CliRunner

from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.errors import ModelError
from service.cli.commands import app
from service.reranking.bundled import BundledCrossEncoder
from service.reranking.loading import load_cross_encoder
from service.reranking.sentence_transformer import SentenceTransformerCrossEncoder
from service.settings import Settings


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
    cross_encoder_ = load_cross_encoder(str(cross_encoder(tmp_path / "odd", 1)))
    assert (
        isinstance(cross_encoder_, SentenceTransformerCrossEncoder)
        and cross_encoder_.name == "odd"
        and len(cross_encoder_.digest) == 64
    )
    texts = ["tesla starb 1943 .", "der hund schläft ."]
    scores = cross_encoder_.score(["wann starb tesla ?"] * 2, texts, [[(0, 5)], []])
    assert len({score.relevance for score in scores}) == 2
    assert [score.span_scores for score in scores] == [(), ()]
    assert cross_encoder_.score([], [], []) == []


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
    cross_encoder_ = BundledCrossEncoder.load(base=real_embedder)
    sentences = [
        "Nikola Tesla kam aus Smiljan.",
        "Er starb am 7. Januar 1943.",
        "Nach ihm heißt eine Einheit.",
    ]
    text, begins = " ".join(sentences), [0, 30, 58]
    spans = [(begin, begin + len(s)) for begin, s in zip(begins, sentences, strict=True)]
    assert [text[start:end] for start, end in spans] == sentences
    for question in ("Wann starb Tesla?", "When did Tesla die?", "Tesla mất khi nào?"):
        right, wrong = cross_encoder_.score(
            [question] * 2, [text, "Die Katze schläft auf dem Sofa."], [spans, [(0, 9)]]
        )
        assert right.relevance > wrong.relevance + 2
        assert right.span_scores.index(max(right.span_scores)) == 1


def test_embeddings_are_in_memory_once(real_embedder: SentenceTransformerEmbedder) -> None:
    cross_encoder_ = BundledCrossEncoder.load(base=real_embedder)
    assert cross_encoder_.network.embeddings is real_embedder.transformer.embeddings


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


def test_the_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().reader == "off"
    monkeypatch.delenv("FUNDSTELLE_READER")
    assert Settings().reader == "own"
    with pytest.raises(ValidationError):
        Settings(reader="")
