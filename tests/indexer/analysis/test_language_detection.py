"""Language detection."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.language_detection import detect_language, warm_up
from indexer.text.languages import LANGUAGES


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what shortcomings were found on Resolution 57", "en"),
        ("Tình hình kinh tế Nghệ An quý I năm 2024?", "vi"),
        ("Tình hình Nghệ An", "vi"),
        ("Who chaired the Nghệ An meeting?", "en"),
        ("Wer ist Nguyễn Văn An?", "de"),
        ("digitale Transformation", "de"),
        ("digital transformation", "en"),
        ("Who is Nguyen Hoai Anh?", "en"),
        ("Resolution 57 results?", "en"),
        ("Which tasks did the party committee of Ha Giang set?", "en"),
        ("List the participants", "en"),
        ("Shortcomings in Nghệ An?", "en"),
        ("Welche Mängel gab es bei der Resolution 57?", "de"),
        ("Wer ist Nguyễn Hoài Anh?", "de"),
        ("Mängel Resolution 57", "de"),
        ("Ergebnisse in Hà Giang", "de"),
        ("Was sagt Resolution Nr. 57-NQ/TW?", "de"),
        ("Teilnehmer der Sitzung", "de"),
        ("Nghị quyết 57 có những hạn chế gì?", "vi"),
        ("Hạn chế của Nghị quyết số 57", "vi"),
        ("Ai tham dự hội nghị?", "vi"),
        ("Kết quả?", "vi"),
        ("Hà Giang đạt bao nhiêu phần trăm", "vi"),
        ("nghi quyet 57 co nhung han che gi", "vi"),
        ("ket qua thuc hien chuyen doi so", "vi"),
    ],
)
def test_a_short_question_is_detected_by_its_words(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text", ["Nghị quyết 57 có những hạn chế gì?", "Welche Mängel gab es für die Provinz Hà Giang?"]
)
def test_decomposed_text_has_the_same_language(text: str) -> None:
    assert detect_language(unicodedata.normalize("NFD", text)) == detect_language(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Was bedeutet „chuyển đổi số“ in der Resolution?", "de"),
        ("What does “Nghị quyết” mean in this report?", "en"),
        ("Genosse Nguyễn Văn Thông, Phó Bí thư, leitete die Sitzung der Provinz.", "de"),
        ("Đồng chí Le Minh Hung phát biểu tại workshop digital transformation.", "vi"),
    ],
)
def test_names_and_quoted_words_do_not_decide(text: str, language: str) -> None:
    assert detect_language(text) == language


@given(st.text(max_size=200))
def test_any_text_has_one_of_the_three_languages(text: str) -> None:
    assert detect_language(text) in LANGUAGES


@pytest.mark.parametrize("text", ["", "57", "???", "Nguyen Hoai Anh", "Quelles sont les faiblesses ?"])
def test_an_unclear_text_has_one_of_the_three_languages(text: str) -> None:
    warm_up()
    assert detect_language(text) in LANGUAGES


def test_the_reports_are_german(reports: Path) -> None:
    for path in reports.glob("*.txt"):
        for line in path.read_text("utf-8").splitlines():
            assert len(line) < 60 or line.startswith("Quelle") or detect_language(line) == "de"
