"""What is read out of a question."""

import unicodedata

import pytest

from service.query import understand
from service.setting import without_setting


@pytest.mark.parametrize(
    ("text", "language", "keys", "aspect"),
    [
        ("what shortcomings were found on Resolution 57", "en", ("NQ-57",), "shortcomings"),
        ("Welche Mängel gab es bei der Resolution Nr. 57-NQ/TW?", "de", ("NQ-57",), "shortcomings"),
        ("Nghị quyết 57 có những hạn chế gì?", "vi", ("NQ-57",), "shortcomings"),
        ("Wer nahm an der Sitzung zur Schlussfolgerung 43 teil?", "de", ("KL-43",), "participants"),
        ("What results did Directive 35 and Resolution 18 achieve?", "en", ("CT-35", "NQ-18"), "results"),
        ("Warum braucht die digitale Transformation Zeit?", "de", (), "causes"),
        ("What does the resolution say?", "en", (), None),
        ("Wer malte die Mona Lisa?", "de", (), None),
    ],
)
def test_language_references_and_aspect_are_read(
    text: str, language: str, keys: tuple[str, ...], aspect: str | None
) -> None:
    question = understand(text)
    assert (question.language, question.keys, question.aspect) == (language, keys, aspect)


@pytest.mark.parametrize(
    "text",
    ["Wer leitete in Nghe An die Sitzung?", "Who chaired it in Nghệ An?", "Ai chủ trì ở tỉnh Nghệ An?"],
)
def test_a_province_is_read_with_and_without_diacritics(text: str) -> None:
    assert [mention.place for mention in understand(text).places] == ["Nghệ An"]


def test_a_stated_language_overrides_the_detected_one() -> None:
    assert understand("Resolution 57", "vi").language == "vi"


def test_a_date_is_read_in_decomposed_letters_too() -> None:
    question = unicodedata.normalize("NFD", "Wer leitete die Sitzung in Nghệ An am 25. März 2024?")
    understood = understand(question)
    assert [(period.first, period.last) for period in understood.dates] == [("2024-03-25", "2024-03-25")]
    assert without_setting(understood) == "Wer leitete die Sitzung?"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_province_is_no_person_however_its_marks_are_encoded(form: str) -> None:
    question = understand(unicodedata.normalize(form, "Wie viele Dialoge gab es in Hà Giang?"))
    assert [place.place for place in question.places] == ["Hà Giang"]
    assert question.persons == ()
