"""Centres of the languages: the sentences they come from, moving by them, keeping them on disk."""

import io
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.analysis.language_detection import detect_language
from indexer.embedding.language_alignment import LanguageAlignment, parallel_sentences
from indexer.embedding.sentence_transformer import SentenceTransformerEmbedder
from indexer.errors import IndexDamagedError
from indexer.text.languages import LANGUAGES, Language

#: Rows as in LANGUAGES: German, English, Vietnamese.
CENTROIDS = np.array([[0.9, 0.1, 0, 0], [0.1, 0.8, 0, 0], [0, 0.2, 0.7, 0]], np.float32)
QUESTION = np.array([0.5, 0.5, 0.5, 0.5], np.float32)
DE, EN, VI = CENTROIDS


def lines() -> list[str]:
    return files("indexer.resources").joinpath("parallel.tsv").read_text("utf-8").splitlines()


def test_each_row_has_one_sentence_in_three_languages() -> None:
    for line in lines():
        columns = line.split("\t")
        assert len(columns) == len(LANGUAGES)
        assert all(columns)


def test_no_sentence_begins_or_ends_with_space_or_has_two_in_a_row() -> None:
    for line in lines():
        for sentence in line.split("\t"):
            assert sentence == " ".join(sentence.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_distinct(language: Language) -> None:
    counts = Counter(row[language] for row in parallel_sentences())
    assert [sentence for sentence, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_is_in_the_language_of_its_column(language: Language) -> None:
    found = [detect_language(row[language]) for row in parallel_sentences()]
    assert found == [language] * 80


@pytest.mark.parametrize("language", LANGUAGES)
def test_half_of_the_sentences_are_questions(language: Language) -> None:
    asked = [row[language].endswith("?") for row in parallel_sentences()]
    assert asked == [True] * 40 + [False] * 40


def test_a_centroid_is_the_mean_of_the_sentences_of_a_language(embedder: FakeEmbedder) -> None:
    built = LanguageAlignment.build(embedder.embed_questions)
    german = embedder.embed_questions([row["de"] for row in parallel_sentences()]).mean(axis=0)
    vietnamese = embedder.embed_questions([row["vi"] for row in parallel_sentences()]).mean(axis=0)
    np.testing.assert_allclose(
        built.aligned(vietnamese, "vi", "de"), german / np.linalg.norm(german), atol=1e-6
    )


@pytest.mark.parametrize(("language", "expected"), [("de", DE), ("en", EN), ("vi", VI)])
def test_each_language_has_its_centroid(language: Language, expected: np.ndarray, tmp_path: Path) -> None:
    LanguageAlignment(CENTROIDS).save(tmp_path / "alignment.npy")
    for alignment in (LanguageAlignment(CENTROIDS), LanguageAlignment.open(tmp_path / "alignment.npy", 4)):
        np.testing.assert_array_equal(alignment.centroid(language), expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_for_passages_of_its_own_language_is_unchanged(language: Language) -> None:
    aligned = LanguageAlignment(CENTROIDS).aligned(QUESTION, language, language)
    np.testing.assert_array_equal(aligned, QUESTION)


@pytest.mark.parametrize(
    ("centroid", "language", "passages", "expected"),
    [(VI, "vi", "de", DE), (VI, "vi", "en", EN), (DE, "de", "vi", VI), (EN, "en", "de", DE)],
)
def test_the_centroid_of_a_language_is_aligned_with_that_of_the_other(
    centroid: np.ndarray, language: Language, passages: Language, expected: np.ndarray
) -> None:
    aligned = LanguageAlignment(CENTROIDS).aligned(centroid, language, passages)
    np.testing.assert_allclose(aligned, expected / np.linalg.norm(expected), atol=1e-6)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("passages", LANGUAGES)
def test_an_aligned_question_has_unit_length(language: Language, passages: Language) -> None:
    aligned = LanguageAlignment(CENTROIDS).aligned(QUESTION, language, passages)
    assert aligned.dtype == np.float32
    assert np.linalg.norm(aligned) == pytest.approx(1, abs=1e-6)


def test_a_question_that_alignment_cancels_is_not_divided_by_zero() -> None:
    assert not LanguageAlignment(CENTROIDS).aligned(VI - DE, "vi", "de").any()


def test_saved_centroids_align_a_question_in_the_same_way(tmp_path: Path) -> None:
    LanguageAlignment(CENTROIDS).save(tmp_path / "alignment.npy")
    opened = LanguageAlignment.open(tmp_path / "alignment.npy", 4)
    np.testing.assert_array_equal(
        opened.aligned(QUESTION, "vi", "de"), LanguageAlignment(CENTROIDS).aligned(QUESTION, "vi", "de")
    )


def as_file(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        CENTROIDS[:2],
        CENTROIDS[:, :3],
        CENTROIDS.reshape(-1),
        CENTROIDS.T,
        CENTROIDS.astype(np.float64),
        CENTROIDS.astype(np.int32),
        CENTROIDS * np.float32("nan"),
    ],
    ids=["two languages", "three numbers", "flat", "turned", "double", "integers", "no numbers"],
)
def test_an_array_of_another_shape_or_kind_is_named(tmp_path: Path, array: np.ndarray) -> None:
    (tmp_path / "alignment.npy").write_bytes(as_file(array))
    with pytest.raises(IndexDamagedError, match=r"^alignment\.npy: .*expected float32 of shape \(3, 4\)"):
        LanguageAlignment.open(tmp_path / "alignment.npy", 4)


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: b"no array",
        lambda whole: whole[:6],
        lambda whole: whole[:40],
        lambda whole: whole[:-1],
        lambda whole: as_file(np.full((3, 4), "a", object)),
        None,
    ],
    ids=["empty", "text", "cut in its name", "cut in its header", "cut in its numbers", "objects", "missing"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, damage: Callable[[bytes], bytes] | None) -> None:
    if damage is not None:
        (tmp_path / "alignment.npy").write_bytes(damage(as_file(CENTROIDS)))
    with pytest.raises(IndexDamagedError, match=r"^alignment\.npy: not a readable array \("):
        LanguageAlignment.open(tmp_path / "alignment.npy", 4)


#: A question in Vietnamese, the German sentence that answers it, a Vietnamese one on something near.
ASKED = [
    ("Ai đã khánh thành bể bơi mới?", "Der Bürgermeister eröffnete das neue Schwimmbad.",
     "Thị trưởng đã tham dự lễ hội mùa xuân."),
    ("Vì sao các giáo viên đình công?", "Die Lehrer streiken seit Montag für höhere Gehälter.",
     "Học sinh được nghỉ hè từ tháng sáu."),
    ("Hồ chứa cung cấp nước sạch cho bao nhiêu xã?",
     "Der Stausee versorgt zwölf Gemeinden mit Trinkwasser.", "Các xã miền núi nhận thêm gạo."),
    ("Hiệu thuốc đóng cửa lúc mấy giờ?", "Die Apotheke schließt um acht Uhr abends.",
     "Siêu thị mở cửa cả ngày chủ nhật."),
    ("Tại sao thanh niên rời bỏ làng quê?",
     "Junge Leute verlassen die Dörfer, weil es dort keine Arbeit gibt.",
     "Thanh niên tình nguyện dọn rác trên bãi biển."),
    ("Dàn nhạc đã chơi bản nhạc nào?", "Das Orchester spielte eine Sinfonie von Beethoven.",
     "Ca sĩ hát một bài dân ca."),
    ("Cơn bão đã phá hủy những gì ở miền Nam?", "Der Taifun zerstörte die Deiche im Süden.",
     "Bão số ba đang tiến vào biển Đông."),
    ("Cần gì để có bằng lái xe?", "Für den Führerschein braucht man einen Sehtest.",
     "Xe máy phải đội mũ bảo hiểm."),
    ("Thư viện có bao nhiêu cuốn sách?", "Die Bibliothek besitzt vierzigtausend Bücher.",
     "Nhà sách bán nhiều truyện tranh."),
    ("Vì sao bộ trưởng từ chức?", "Der Minister trat wegen Korruption zurück.",
     "Thủ tướng thăm bệnh viện huyện."),
    ("Ong chết vì nguyên nhân gì?", "Die Bienen sterben an einem Pestizid.",
     "Nông dân nuôi ong lấy mật."),
    ("Khi nào việc mở rộng cảng hoàn thành?", "Der Hafen wird bis nächstes Jahr ausgebaut.",
     "Cảng cá đón hàng trăm tàu mỗi ngày."),
]  # fmt: skip


@pytest.fixture(scope="module")
def asked(real_embedder: SentenceTransformerEmbedder) -> tuple[np.ndarray, ...]:
    """Questions, the same aligned with German, answers, and Vietnamese sentences on other things."""
    questions = real_embedder.embed_questions([question for question, _, _ in ASKED])
    alignment = LanguageAlignment.build(real_embedder.embed_questions)
    aligned = np.stack([alignment.aligned(question, "vi", "de") for question in questions])
    answers, others = (real_embedder.embed_passages([row[i] for row in ASKED]) for i in (1, 2))
    return questions, aligned, answers, others


def test_every_vietnamese_question_is_nearer_to_its_german_answer_when_aligned(
    asked: tuple[np.ndarray, ...],
) -> None:
    questions, aligned, answers, _ = asked
    before, after = (np.einsum("ij,ij->i", rows, answers) for rows in (questions, aligned))
    assert (after - before).min() > 0.03


def test_when_aligned_a_german_answer_precedes_vietnamese_sentences_on_other_topics(
    asked: tuple[np.ndarray, ...],
) -> None:
    questions, aligned, answers, others = asked
    foreign = (questions @ others.T).max(axis=1)
    before, after = (np.einsum("ij,ij->i", rows, answers) > foreign for rows in (questions, aligned))
    assert after.sum() >= before.sum() + 6


def test_alignment_does_not_confuse_german_answers_with_each_other(asked: tuple[np.ndarray, ...]) -> None:
    _, aligned, answers, _ = asked
    first = (aligned @ answers.T).argmax(axis=1)
    assert (first == range(len(ASKED))).sum() >= len(ASKED) - 1
