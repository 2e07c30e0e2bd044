import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder
from paths import ROOT

from indexer.arrays import Vectors
from indexer.embedding.default_model import ensure_default_model
from indexer.embedding.embedder import Embedder
from indexer.embedding.model_files import folder_digest
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.errors import ModelError

TEXTS = [
    "Die Resolution Nr. 57 wurde in der Provinz Hà Giang noch nicht umfassend umgesetzt.",
    "Nghị quyết số 57 chưa được triển khai đầy đủ tại tỉnh Hà Giang.",
    "Resolution No. 57 was not yet fully implemented in Ha Giang province.",
    "Der Workshop fand am Morgen in Dong Ha statt.",
    "57",
    "Ein längerer Satz mit vielen Wörtern, " * 4,
]


def cosines(one: Vectors, two: Vectors) -> Vectors:
    return np.asarray(np.einsum("ij,ij->i", one, two))


def test_both_embedders_satisfy_the_protocol(
    embedder: FakeEmbedder, real_embedder: SentenceTransformerEmbedder
) -> None:
    used: list[Embedder] = [embedder, real_embedder]
    for one in used:
        vectors = one.embed_passages(TEXTS)
        assert vectors.shape == (len(TEXTS), one.dimension)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(one.embed_questions(TEXTS[:2]), axis=1), 1, atol=1e-5)
        assert len(one.digest) == 64


@pytest.mark.parametrize("kind", ["passages", "questions"])
def test_no_texts_have_no_vectors(real_embedder: SentenceTransformerEmbedder, kind: str) -> None:
    embed = real_embedder.embed_passages if kind == "passages" else real_embedder.embed_questions
    assert embed([]).shape == (0, 384)


def test_a_vector_does_not_depend_on_its_batch(real_embedder: SentenceTransformerEmbedder) -> None:
    together = real_embedder.embed_passages(TEXTS)
    backwards = real_embedder.embed_passages(TEXTS[::-1])[::-1]
    assert cosines(together, backwards).min() > 0.999
    for number in (2, 4):
        alone = real_embedder.embed_passages([TEXTS[number]])
        assert cosines(together[number : number + 1], alone).min() > 0.999


def test_progress_counts_every_text(real_embedder: SentenceTransformerEmbedder) -> None:
    counts: list[int] = []
    vectors = real_embedder.embed_passages(["a"] * 300 + ["57"], counts.append)
    assert counts == [256, 45]
    assert cosines(vectors[300:], real_embedder.embed_passages(["57"])).min() > 0.999


def test_a_text_longer_than_the_window_has_a_vector_too(real_embedder: SentenceTransformerEmbedder) -> None:
    (vector,) = real_embedder.embed_passages(["Satz, " * 600])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_bfloat16_and_float32_give_nearly_the_same_vectors(
    real_embedder: SentenceTransformerEmbedder,
) -> None:
    model = real_embedder.model
    full = SentenceTransformerEmbedder(model, "full", "", bfloat16=False).embed_passages(TEXTS)
    half = SentenceTransformerEmbedder(model, "half", "", bfloat16=True).embed_passages(TEXTS)
    assert cosines(full, half).min() > 0.999
    assert not np.array_equal(full, half)


def test_questions_and_passages_have_prompts_of_their_own(real_embedder: SentenceTransformerEmbedder) -> None:
    questions, passages = real_embedder.embed_questions(TEXTS), real_embedder.embed_passages(TEXTS)
    assert cosines(questions, passages).max() < 0.999
    plain = real_embedder.model.encode([f"passage: {TEXTS[0]}"], show_progress_bar=False)
    assert cosines(np.asarray(plain), passages[:1]).min() > 0.998


@pytest.mark.parametrize(
    "question",
    [
        "Was fehlt bei der Resolution 57?",
        "What is missing with Resolution 57?",
        "Nghị quyết 57 còn thiếu gì?",
    ],
)
def test_a_question_is_nearer_to_its_answer_in_another_language_than_to_another_topic(
    real_embedder: SentenceTransformerEmbedder, question: str
) -> None:
    scores = real_embedder.embed_passages(TEXTS[:4]) @ real_embedder.embed_questions([question])[0]
    assert scores[:3].min() > scores[3]


def test_compounds_share_subwords(real_embedder: SentenceTransformerEmbedder) -> None:
    one = real_embedder.subwords("Massenmobilisierungsarbeit")
    two = real_embedder.subwords("Massenmobilisierung")
    assert len(set(one) & set(two)) >= 3


@pytest.mark.parametrize("word", ["massenmobilisierungsarbeit", "chuyển", "đổi", "57", "shortcomings", "a"])
def test_the_subwords_of_a_word_are_its_letters_without_marks(
    real_embedder: SentenceTransformerEmbedder, word: str
) -> None:
    pieces = real_embedder.subwords(word)
    assert "".join(pieces) == word
    assert all(pieces)


def test_an_empty_word_has_no_subwords(real_embedder: SentenceTransformerEmbedder) -> None:
    assert real_embedder.subwords("") == ()


def test_several_threads_get_the_vectors_of_their_own_texts(
    real_embedder: SentenceTransformerEmbedder,
) -> None:
    questions = [f"Frage {number} " * (1 + number % 3) for number in range(24)]
    expected = real_embedder.embed_questions(questions)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda question: real_embedder.embed_questions([question])[0], questions))
    assert cosines(np.stack(found), expected).min() > 0.999


def test_the_digest_covers_the_files_that_determine_a_vector(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "tokenizer.json").write_text("{}")
    digest = folder_digest(tmp_path)
    (tmp_path / "README.md").write_text("about")
    assert folder_digest(tmp_path) == digest
    (tmp_path / "tokenizer.json").write_text("{ }")
    assert folder_digest(tmp_path) != digest


@pytest.mark.parametrize("model", ["/gone/model", "./gone", "~/gone/model", "a/b/c"])
def test_a_missing_folder_is_an_error_in_one_line(model: str) -> None:
    with pytest.raises(ModelError) as caught:
        SentenceTransformerEmbedder.load(model)
    assert str(caught.value) == f"no model folder at {model}"


@pytest.mark.parametrize("model", ["nobody/no-such-model", "no-such-model"])
def test_an_unknown_hub_id_is_an_error_in_one_line_without_a_network(model: str) -> None:
    with pytest.raises(ModelError) as caught:
        SentenceTransformerEmbedder.load(model)
    assert model in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["empty", "no weights", "truncated weights", "no tokenizer"])
def test_a_folder_that_holds_no_model_is_an_error_in_one_line(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    if damage != "empty":
        for path in ensure_default_model().rglob("*"):
            target = folder / path.relative_to(ensure_default_model())
            if path.is_dir():
                target.mkdir()
            elif path.name != "model.safetensors" and not (
                damage == "no tokenizer" and path.name.startswith("tokenizer")
            ):
                shutil.copy(path, target)
    if damage == "truncated weights":
        (folder / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    if damage == "no tokenizer":
        (folder / "model.safetensors").symlink_to(ensure_default_model() / "model.safetensors")
    with pytest.raises(ModelError) as caught:
        SentenceTransformerEmbedder.load(str(folder))
    assert "model" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_second_load_opens_no_connection_prints_nothing_and_has_the_same_digest(
    real_embedder: SentenceTransformerEmbedder,
) -> None:
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('a connection was opened')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "import json; from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder as E\n"
        "e = E.load(); print(json.dumps([e.name, e.dimension, e.digest, len(e.embed_questions(['a'])[0])]))"
    )
    environment = {key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"}
    run = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env=environment | {"PYTHONPATH": str(ROOT)},
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout) == ["multilingual-e5-small (4 bit)", 384, real_embedder.digest, 384]
