import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.annotation import aspect_classifier
from indexer.annotation.aspect_classifier import AspectWeights, Exemplars, probabilities, read_exemplars
from indexer.annotation.aspects import ASPECTS, Aspect
from indexer.arrays import Strengths
from indexer.errors import IndexDamagedError


def test_each_line_of_the_exemplars_is_an_aspect_and_a_sentence() -> None:
    for name, text in read_exemplars():
        assert name in (*ASPECTS, "none")
        assert text == " ".join(text.split()) != ""
        assert text == unicodedata.normalize("NFC", text)
        assert text.endswith(".")


def test_every_aspect_has_enough_distinct_exemplars() -> None:
    assert min(Counter(name for name, _ in read_exemplars()).values()) >= 8
    assert len({text for _, text in read_exemplars()}) == len(read_exemplars())


def test_a_sentence_is_similar_to_exemplars_that_share_its_words(
    embedder: FakeEmbedder,
) -> None:
    built = Exemplars.build(embedder.embed_passages)
    asked: tuple[Aspect, ...] = ("tasks", "proposals", "participants", "goals")
    sentences = [
        "Die Gemeinden sollen ihre Verzeichnisse überarbeiten.",
        "Die Delegierten schlugen vor, die Frist um ein Jahr zu verlängern.",
        "Der Arbeitsgruppe gehörten Fachleute aus Behörden an.",
        "Angestrebt wird ein Wachstum von sechs Prozent.",
    ]
    similarity = built.similarities(embedder.embed_passages(sentences))
    assert [ASPECTS[number] for number in similarity.argmax(axis=1)] == list(asked)


def test_similarity_does_not_depend_on_the_spread_of_a_models_vectors(embedder: FakeEmbedder) -> None:
    texts = [text for _, text in read_exemplars()]
    aspects = [ASPECTS.index(name) if name in ASPECTS else -1 for name, _ in read_exemplars()]
    vectors = embedder.embed_passages(texts)
    crowded = vectors / 10 + np.float32(1)
    np.testing.assert_allclose(
        Exemplars(vectors, aspects).similarities(vectors),
        Exemplars(crowded, aspects).similarities(crowded),
        rtol=1e-3,
        atol=1e-3,
    )


def test_no_sentences_have_no_similarities(embedder: FakeEmbedder) -> None:
    built = Exemplars.build(embedder.embed_passages)
    assert built.similarities(np.zeros((0, embedder.dimension), np.float32)).shape == (0, len(ASPECTS))


def one_feature(number: int) -> tuple[Strengths, Strengths]:
    """Features of two sentences: none, and one of the first aspect."""
    features = np.zeros((2, len(ASPECTS), 4), np.float32)
    features[1, 0, number] = 1
    return features[..., :3], features[..., 3]


@pytest.mark.parametrize("number", range(4), ids=["cue", "lead-in", "heading", "similarity"])
def test_each_feature_makes_its_aspect_more_probable(number: int) -> None:
    without, with_one = probabilities(*one_feature(number))
    assert with_one[0] > without[0]
    np.testing.assert_array_equal(with_one[1:], without[1:])


@pytest.mark.parametrize(("number", "probable"), [(0, True), (1, True), (2, True), (3, False)])
def test_similarity_alone_does_not_make_an_aspect_probable(number: int, probable: bool) -> None:
    assert (probabilities(*one_feature(number))[1, 0] > 0.5) == probable


def test_weights_are_an_argument() -> None:
    weights = AspectWeights(cue=0, lead_in=0, heading=0, similarity=0, intercept=0)
    np.testing.assert_array_equal(probabilities(*one_feature(0), weights=weights), 0.5)


STORED = np.linspace(0, 1, 3 * len(ASPECTS), dtype=np.float32).reshape(3, len(ASPECTS))


def test_saved_probabilities_come_back_in_half_precision(tmp_path: Path) -> None:
    aspect_classifier.save(tmp_path / "aspects.npy", STORED)
    np.testing.assert_allclose(aspect_classifier.load(tmp_path / "aspects.npy", 3), STORED, atol=1e-3)


@pytest.mark.parametrize(
    "stored",
    [
        STORED[:2],
        STORED[:, :3],
        STORED.T,
        STORED.reshape(-1),
        STORED.astype(np.int32),
        np.float32(1),
    ],
    ids=["two sentences", "three aspects", "turned", "flat", "integers", "a number"],
)
def test_probabilities_of_another_shape_or_kind_are_refused(tmp_path: Path, stored: np.ndarray) -> None:
    kind = np.int32 if stored.dtype == np.int32 else np.float16
    np.save(tmp_path / "aspects.npy", stored.astype(kind))
    with pytest.raises(IndexDamagedError, match=r"^aspects\.npy: \w+ of shape .* for 3 sentences$"):
        aspect_classifier.load(tmp_path / "aspects.npy", 3)


@pytest.mark.parametrize("data", [None, b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_file_that_holds_no_probabilities_is_named(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "aspects.npy").write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"^aspects\.npy: not a readable array \("):
        aspect_classifier.load(tmp_path / "aspects.npy", 3)


def test_an_archive_of_arrays_is_no_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "aspects.npz", STORED)
    (tmp_path / "aspects.npz").rename(tmp_path / "aspects.npy")
    with pytest.raises(IndexDamagedError, match=r"^aspects\.npy: not a readable array \("):
        aspect_classifier.load(tmp_path / "aspects.npy", 3)
